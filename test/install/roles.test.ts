/** Roles belong to a cluster, so this needs a server of its own. */
import { describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { installCompanions } from '../../src/install/companions.js';
import { installSchema } from '../../src/install/install.js';
import { uninstallPgq } from '../../src/install/uninstall.js';
import { companionFunctions } from '../sql/pgq/companion-functions.js';
import { api, type Caller } from '../sql/pgq/functions.js';
import { owner } from '../support/clusters.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { ownServer } from '../support/own-server.js';

const databases = 6;

/** What the trigger functions call as whoever writes to a table. They change nothing and read nothing that is not the caller's. */
const ofTriggers = [
  ...[
    'changed_columns',
    'equality_sql',
    'expression_sql',
    'json_event_type',
    'odd_row_data',
    'percent_encode',
    'read_trigger_layout',
    'row_data',
    'row_event',
  ],
  ...[
    'row_fields',
    'sql_data',
    'trigger_arguments',
    'trigger_formats',
    'trigger_layout',
    'trigger_table',
    'truncate_event',
  ],
  ...['urlencode', 'urlencode_fields', 'urlencode_runs'],
];

describe.each(['oldest', 'newest'] as const)('the roles of pgq, %s server', (which) => {
  const server = ownServer(which);
  let settings: ConnectSettings;

  it('are left out where the owner may not create roles', async () => {
    settings = await createDatabase(server());
    await using session = await open(settings);
    expect(await installSchema(session, 'pgq')).toBe('installed');
    expect(await pgqRoles(session)).toEqual([]);
  });

  it('are made once by installers in many databases at once', async () => {
    await asSuperuser(server().port, (admin) => admin.query(`alter role ${owner} createrole`));
    const all = await Promise.all(Array.from({ length: databases }, () => createDatabase(server())));
    const outcomes = await Promise.all(
      all.map(async (one) => {
        await using session = await open(one);
        return await installSchema(session, 'pgq');
      }),
    );
    expect(outcomes).toEqual(Array.from({ length: databases }, () => 'installed'));
    await using session = await open(all[0] ?? settings);
    expect(await pgqRoles(session)).toEqual(['pgq_admin', 'pgq_reader', 'pgq_writer']);
    settings = all[0] ?? settings;
  });

  it('may do what their names say and no more', async () => {
    await asSuperuser(
      server().port,
      (admin) =>
        admin.query(`create role reading login in role pgq_reader; create role writing login in role pgq_writer;
          create role administering login in role pgq_admin; create role nobody login`),
      settings.database,
    );
    const as = (user: string): Promise<Session> => open({ ...settings, user });
    await using administrator = await as('administering');
    await using reader = await as('reading');
    await using writer = await as('writing');
    await using nobody = await as('nobody');

    await administrator.query(
      `select pgq.create_queue('q'), pgq.set_queue_config('q', 'ticker_max_lag', '0')`,
    );
    await reader.query(`select pgq.register_consumer('q', 'c')`);
    await writer.query(`select pgq.insert_event('q', 't', 'd')`);
    await writer.query(`select pgq.insert_event('q', 't', 'd', null, null, null, null)`);
    await administrator.query('call pgq.tick_when_due(0, 0, 0, 0)');
    const { batch } = await reader.one<{ batch: number }>(`select pgq.next_batch('q', 'c') as batch`);
    expect(await reader.query('select * from pgq.get_batch_events($1)', [batch])).toHaveLength(2);
    await reader.query('select pgq.event_retry($1, 1, 0)', [batch]);
    await reader.query('select pgq.finish_batch($1)', [batch]);
    expect(await administrator.query('select * from pgq.maint_operations()')).toEqual([]);
    await administrator.query('select pgq.maint_retry_events()');
    expect(await nobody.query('select * from pgq.get_queue_info()')).toHaveLength(1);
    expect(await nobody.query('select * from pgq.get_consumer_info()')).toHaveLength(1);
    // Limits of a queue are set by an UPDATE, as in the original.
    await administrator.query(`update pgq.queue set queue_per_tx_limit = 1000 where queue_name = 'q'`);

    const denied: [Session, string][] = [
      [reader, `select pgq.insert_event('q', 't', 'd')`],
      [reader, `select pgq.ticker()`],
      [reader, `call pgq.tick_when_due(0, 0, 0, 0)`],
      [writer, `select pgq.next_batch('q', 'c')`],
      [writer, `select * from pgq.event_1`],
      [nobody, `select pgq.insert_event('q', 't', 'd')`],
      [nobody, `select pgq.create_queue('r')`],
      [nobody, `select pgq.store_tick(1, 1, now(), 1)`],
      [nobody, `select * from pgq.event_template`],
    ];
    for (const [session, statement] of denied) {
      await expect(session.query(statement), statement).rejects.toMatchObject({ kind: 'rights' });
    }
  });

  it('may call what PgQ lets them call, function by function', async () => {
    await using session = await open(settings);
    const rights = await session.query<{ signature: string; callers: Caller[] }>(
      `select p.proname || '(' || regexp_replace(pg_get_function_arguments(p.oid), '(^|, )OUT .*$', '') || ')' as signature,
         array(select c.caller from (values ('public', 'nobody'), ('reader', 'pgq_reader'), ('writer', 'pgq_writer'), ('admin', 'pgq_admin'))
           c (caller, role) where has_function_privilege(c.role, p.oid, 'execute')) as callers
       from pg_proc p where p.pronamespace = 'pgq'::regnamespace and p.prokind = 'f' order by 1`,
    );
    const expected: Record<Caller, Caller[]> = {
      public: ['public', 'reader', 'writer', 'admin'],
      reader: ['reader', 'admin'],
      writer: ['writer', 'admin'],
      admin: ['admin'],
    };
    const given = new Map(rights.map(({ signature, callers }) => [signature, callers]));
    for (const { signature, caller } of api)
      expect(given.get(signature), signature).toEqual(expected[caller]);
    const others = rights
      .filter(({ callers }) => callers.includes('public'))
      .map(({ signature }) => signature);
    const known = api.filter(({ caller }) => caller === 'public').map(({ signature }) => signature);
    expect(
      others.filter((signature) => !known.includes(signature)).map((signature) => signature.split('(')[0]),
      'nothing else is for everybody',
    ).toEqual([...ofTriggers, 'get_epoch', 'lock_class', 'snapshot_contains', 'ticker_alive'].sort());
    expect(
      await session.one(`select has_sequence_privilege('pgq_admin', 'pgq.event_1_id_seq', 'usage') as bulk`),
    ).toEqual({
      bulk: true,
    });
  });

  it.each(['pgq_ext', 'pgq_coop'] as const)(
    'may call %s where they consume, each function',
    async (schema) => {
      await using session = await open(settings);
      await installCompanions(session);
      const of = companionFunctions.filter(({ signature }) => signature.startsWith(`${schema}.`));
      const there = await session.query<{ signature: string }>(
        `select p.pronamespace::regnamespace || '.' || p.proname || '('
           || regexp_replace(pg_get_function_arguments(p.oid), '(^|, )OUT .*$', '') || ')' as signature
       from pg_proc p where p.pronamespace = $1::text::regnamespace`,
        [schema],
      );
      expect(there.map(({ signature }) => signature).sort()).toEqual(
        of.map(({ signature }) => signature).sort(),
      );

      const users = { administering: true, reading: true, writing: false, nobody: false };
      for (const [user, consumes] of Object.entries(users)) {
        await using caller = await open({ ...settings, user });
        for (const { signature, caller: least, call } of of) {
          await session.query(`select pgq.insert_event('q', 't', 'd')`);
          await session.query(`select pgq.force_tick('q'), pgq.ticker('q')`);
          const { batch } = await session.one<{ batch: number }>(
            `select pgq_coop.next_batch('q', 'c', 'w') as batch`,
          );
          const called = caller.query(`select ${call.replace('batch)', `${batch})`)}`);
          if (consumes || least === 'public') await called;
          else {
            await expect(called, `${user}: ${signature}`).rejects.toMatchObject({
              kind: 'rights',
              cause: { message: expect.stringContaining('permission denied for function') as string },
            });
          }
        }
      }
    },
  );

  it('get no more rights by a condition of get_batch_cursor', async () => {
    await using reader = await open({ ...settings, user: 'reading' });
    await using writer = await open({ ...settings, user: 'writing' });
    await using administrator = await open({ ...settings, user: 'administering' });
    await writer.query(`select pgq.insert_event('q', 't', 'd')`);
    await administrator.query(`select pgq.force_tick('q'), pgq.ticker('q')`);
    const { batch } = await reader.one<{ batch: number }>(`select pgq.next_batch('q', 'c') as batch`);
    const attack = async (condition: string): Promise<void> => {
      await reader.query('begin');
      await expect(
        reader.query(`select * from pgq.get_batch_cursor($1, 'attack', 10, $2)`, [batch, condition]),
        condition,
      ).rejects.toMatchObject({ kind: 'rights' });
      await reader.query('rollback');
    };
    await attack('exists (select from pgq.retry_queue)');
    await attack(`pgq.drop_queue('q', true) = 1`);
    await attack('true); drop table pgq.retry_queue; select (1');
    await attack('true); delete from pgq.tick; select (1');
    expect(await administrator.query('select from pgq.retry_queue')).toHaveLength(0);
    await reader.query('begin');
    expect(
      await reader.query(`select ev_data from pgq.get_batch_cursor($1, 'good', 10, $2)`, [
        batch,
        `ev_type = 't' and ev_retry is null`,
      ]),
    ).toEqual([{ ev_data: 'd' }]);
    await reader.query('commit');
  });

  it('stay as long as another database or a member needs them', async () => {
    await using session = await open(settings);
    expect(await uninstallPgq(session)).toMatchObject({
      schemas: ['pgq_coop', 'pgq_ext', 'pgq'],
      roles: [],
      rolesLeft: ['pgq_admin', 'pgq_reader', 'pgq_writer'],
    });
    const rest = await asSuperuser(server().port, async (admin) => {
      await admin.query('drop role reading, writing, administering, nobody');
      return admin.query<{ name: string }>(`select datname as name from pg_database where datname ~ '^t_'`);
    });
    const left: (readonly string[])[] = [];
    for (const { name } of rest) {
      await using other = await open({ ...settings, database: name });
      left.push((await uninstallPgq(other)).rolesLeft);
    }
    expect(left.at(-1), 'whoever is the last takes them along').toEqual([]);
    expect(await pgqRoles(session)).toEqual([]);
  });
});

async function pgqRoles(session: Session): Promise<string[]> {
  const rows = await session.query<{ rolname: string }>(
    `select rolname from pg_roles where rolname ~ '^pgq_' order by 1`,
  );
  return rows.map(({ rolname }) => rolname);
}
