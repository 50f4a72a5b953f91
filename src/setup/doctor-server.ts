import { quoteIdent, quoteLiteral } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { fault, lasting, note, type Finding } from './finding.js';

/** A setting that matters to a queue, when it does, and what to do then. */
interface Setting {
  readonly name: string;
  readonly matters: (value: string) => boolean;
  readonly what: (value: string) => string;
  readonly fix: string;
}

const isOff = (value: string): boolean => value === 'off';

const settings: readonly Setting[] = [
  {
    name: 'autovacuum',
    matters: isOff,
    what: () => 'autovacuum is off: maintenance vacuums the tables of PgQ, and nobody those of others',
    fix: 'alter system set autovacuum = on; select pg_reload_conf();',
  },
  {
    name: 'fsync',
    matters: isOff,
    what: () => 'fsync is off: a crash of the machine can lose events and damage queues',
    fix: 'alter system set fsync = on; select pg_reload_conf();',
  },
  {
    name: 'synchronous_commit',
    matters: isOff,
    what: () =>
      'synchronous_commit is off: events that were committed can be lost with a crash; ticks are flushed all the same',
    fix: 'alter role ... set synchronous_commit = on, for the roles of the producers',
  },
  {
    name: 'idle_in_transaction_session_timeout',
    matters: (value) => value === '0',
    what: () => 'nothing ends transactions that are open and idle: one keeps queues from being rotated',
    fix: `alter database ... set idle_in_transaction_session_timeout = '10min'`,
  },
  {
    name: 'old_snapshot_threshold',
    matters: (value) => value !== '-1',
    what: () => 'old_snapshot_threshold is set: reading a large batch can fail with "snapshot too old"',
    fix: 'alter system set old_snapshot_threshold = -1; and restart the server',
  },
  {
    name: 'log_min_duration_statement',
    matters: (value) => Number(value) >= 0 && Number(value) < 400,
    what: (value) =>
      `log_min_duration_statement is ${value} ms: the server logs each wait of the ticker, several a second`,
    fix: 'alter role ... set log_min_duration_statement = 1000, for the role of the ticker, by a superuser',
  },
  {
    name: 'session_replication_role',
    matters: (value) => value !== 'origin',
    what: (value) => `session_replication_role is ${value}: triggers that feed queues do not fire`,
    fix: 'alter role ... reset session_replication_role',
  },
];

/** Settings, as sessions of this role have them here, and what else the server as a whole does to queues. */
export async function serverFindings(session: Session): Promise<Finding[]> {
  // Not the session's own values: those are pinned.
  const values = await session.query<{ name: string; value: string }>(
    'select name, reset_val as value from pg_settings where name = any ($1)',
    [settings.map(({ name }) => name)],
  );
  const found = settings.flatMap(({ name, matters, what, fix }) => {
    const value = values.find((one) => one.name === name)?.value;
    return value !== undefined && matters(value) ? [note('server', what(value), fix)] : [];
  });
  const { standby, free } = await session.one<{ standby: boolean; free: number }>(
    `select pg_is_in_recovery() as standby,
       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
         - (select count(*) from pg_stat_activity where backend_type in ('client backend', 'walsender')) as free`,
  );
  if (standby) {
    const fix = 'connect to the primary';
    found.push(fault('server', 'it is in recovery, a standby: nothing can be written or ticked here', fix));
  }
  if (free < 5) {
    const what = `only ${free} connections are free; a ticker takes two for each database`;
    found.push(note('server', what, 'alter system set max_connections, and restart the server'));
  }
  return found;
}

/** Transactions that have been open for longer than so many seconds, of any database: each keeps all queues from being rotated. */
export async function transactionFindings(session: Session, longerThan: number): Promise<Finding[]> {
  const open = await session.query<{
    pid: number;
    database: string | null;
    role: string | null;
    application: string;
    state: string;
    age: number;
  }>(
    `select pid, datname as database, usename as role, application_name as application, state,
       extract(epoch from clock_timestamp() - xact_start)::float8 as age
     from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid()
       and xact_start < clock_timestamp() - make_interval(secs => $1) and (backend_xid is not null or backend_xmin is not null)
     order by xact_start`,
    [longerThan],
  );
  const prepared = await session.query<{ gid: string; database: string; owner: string; age: number }>(
    `select gid, database, owner, extract(epoch from clock_timestamp() - prepared)::float8 as age
     from pg_prepared_xacts where prepared < clock_timestamp() - make_interval(secs => $1) order by prepared`,
    [longerThan],
  );
  const { sees, me } = await session.one<{ sees: boolean; me: string }>(
    `select pg_has_role('pg_read_all_stats', 'usage') as sees, current_user as me`,
  );
  return [
    ...open.map(({ pid, database, role, application, state, age }) =>
      fault(
        'transactions',
        `process ${pid} (${role ?? '?'} in ${database ?? '?'}, ${application === '' ? 'no name' : application}, ${state}) has one open for ${lasting(age)}`,
        `select pg_terminate_backend(${pid}); ends it`,
      ),
    ),
    ...prepared.map(({ gid, database, owner, age }) =>
      fault(
        'transactions',
        `transaction ${gid} (${owner} in ${database}) has been prepared for ${lasting(age)}`,
        `in ${database}: commit prepared ${quoteLiteral(gid)}; or rollback prepared ${quoteLiteral(gid)};`,
      ),
    ),
    ...(sees
      ? []
      : [
          note(
            'transactions',
            'this role sees only its own: others may have some open for long',
            `grant pg_monitor to ${quoteIdent(me)};`,
          ),
        ]),
  ];
}
