/** Bad input: each gives a sentence that names the thing and what to type, a non-zero exit code, and changes nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { freePort } from '../../src/embedded/server.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';

let sides: { provider: ConnectSettings; subscriber: ConnectSettings };
let user: Installation;

async function at(settings: ConnectSettings, sql: string): Promise<void> {
  await using session = await open(settings);
  await session.execute(sql);
}

/** Everything of ours that a command could change, on both sides. */
async function everything(): Promise<string> {
  const parts: string[] = [];
  for (const settings of [sides.provider, sides.subscriber]) {
    await using session = await open(settings);
    parts.push(await contents(session));
  }
  return parts.join('\n');
}

async function contents(session: Session): Promise<string> {
  const tables = await session.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in ('londiste', 'pgq', 'public') and tablename !~ '^(tick|event_)' order by 1`,
  );
  const rows = [];
  for (const { name } of tables) {
    // Counters that run by themselves are no change.
    const { text } = await session.one<{ text: string }>(
      `select coalesce(string_agg((to_jsonb(t) - '{sub_active,applied_at,sub_last_tick,sub_batch,sub_next_tick,tick_id,tick_time,tick_snapshot,tick_event_seq}'::text[])::text, ' ' order by t::text), '') as text from ${name} t`,
    );
    rows.push(`${name} ${text}`);
  }
  const triggers = await session.query(
    `select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal order by 1, 2`,
  );
  return `${rows.join('\n')}\n${JSON.stringify(triggers)}`;
}

/** Types a command that must be refused with every one of `words` in what it says, and that changes nothing. */
async function refuses(line: string, ...words: string[]): Promise<void> {
  const before = await everything();
  const said = await user.refused(line);
  for (const word of words) expect(said.toLowerCase()).toContain(word.toLowerCase());
  expect(await everything()).toBe(before);
}

beforeAll(async () => {
  sides = { provider: await createDatabase('oldest'), subscriber: await createDatabase('newest') };
  user = new Installation(sides.provider, sides.subscriber);
  for (const settings of [sides.provider, sides.subscriber]) {
    await at(settings, 'create table entry (id serial primary key, item text)');
  }
}, 60_000);

describe('before anything is installed', () => {
  test('commands say what to run first', async () => {
    expect(await user.refused('londiste replica.ini provider add entry')).toContain('provider install');
    expect(await user.refused('londiste replica.ini subscriber install')).toContain('provider install');
    expect(await user.refused('londiste replica.ini subscriber add entry')).toContain('provider install');
    expect(await user.refused('londiste replica.ini subscriber tables')).toContain('subscriber install');
    expect(await user.refused('pgqadm ticker.ini status')).toContain('pgqadm CONFIG install');
    expect(await user.refused('londiste replica.ini replay -d')).toContain('provider install');
    expect(user.pid('lmaster_to_slave')).toBeUndefined();
  });
});

describe('configuration and connections', () => {
  const replica = (changes: Record<string, string>): string =>
    Object.entries(changes).reduce(
      (text, [key, value]) =>
        text.replace(new RegExp(`^${key} = .*$`, 'm'), value === '' ? '' : `${key} = ${value}`),
      user.replicaIni(),
    );

  test('files', async () => {
    expect(await user.refused('londiste missing.ini provider install')).toContain('missing.ini');
    user.write('typo.ini', user.replicaIni().replace('pidfile', 'pidfle'));
    expect(await user.refused('londiste typo.ini provider install')).toMatch(
      /typo\.ini:\d+: pidfle.*pidfile/s,
    );
    user.write('value.ini', `${user.replicaIni()}loop_delay = soon\n`);
    expect(await user.refused('londiste value.ini provider install')).toMatch(
      /value\.ini:\d+: loop_delay.*soon/s,
    );
    user.write('empty.ini', '[londiste]\n');
    expect(await user.refused('londiste empty.ini provider install')).toContain('provider_db');
  });

  test('servers that cannot be reached, or do not let us in', async () => {
    const nobody = await freePort();
    user.write('port.ini', replica({ provider_db: `dbname=x host=127.0.0.1 port=${nobody} user=app` }));
    expect(await user.refused('londiste port.ini provider install')).toContain(`127.0.0.1:${nobody}`);
    expect(await user.refused('londiste port.ini replay -d')).toContain(`127.0.0.1:${nobody}`);
    user.write(
      'database.ini',
      replica({ provider_db: `dbname=no_such_database host=127.0.0.1 port=${sides.provider.port} user=app` }),
    );
    expect(await user.refused('londiste database.ini provider install')).toContain('no_such_database');
    user.write(
      'user.ini',
      replica({
        provider_db: `dbname=${sides.provider.database} host=127.0.0.1 port=${sides.provider.port} user=no_such_user`,
      }),
    );
    expect(await user.refused('londiste user.ini provider install')).toContain('no_such_user');
  });

  test('a connection string that is none', async () => {
    user.write('string.ini', replica({ provider_db: 'dbname=x hots=127.0.0.1' }));
    expect(await user.refused('londiste string.ini provider install')).toMatch(/hots.*host/s);
  });

  test('commands and arguments', async () => {
    expect(await user.refused('londiste replica.ini provider ad entry')).toMatch(/provider|add/);
    expect(await user.refused('londiste replica.ini provider add')).toMatch(/table/);
    expect(await user.refused('londiste replica.ini')).not.toBe('');
    expect(await user.refused('londiste replica.ini subscriber add --frobnicate entry')).toContain(
      'frobnicate',
    );
  });
});

describe('an installed pair', () => {
  beforeAll(async () => {
    await user.must('londiste replica.ini provider install');
    await user.must('londiste replica.ini subscriber install');
  }, 60_000);

  test('tables and sequences on the provider', async () => {
    await at(sides.provider, 'create table keyless (a int); create view a_view as select 1 as one');
    await refuses('londiste replica.ini provider add keyless', 'keyless', 'PRIMARY KEY');
    await refuses('londiste replica.ini provider add nothere', 'nothere');
    await refuses('londiste replica.ini provider add a_view', 'a_view');
    await refuses('londiste replica.ini provider add entry nothere', 'nothere');
    await refuses('londiste replica.ini provider add-seq nothere_seq', 'nothere_seq');
    await refuses('londiste replica.ini provider remove entry', 'entry');
    await refuses('londiste replica.ini subscriber add entry', 'entry', 'provider add public.entry');
    await user.must('londiste replica.ini provider add entry');
    await refuses('londiste replica.ini provider add entry', 'entry', 'already');
    await user.must('londiste replica.ini provider add-seq entry_id_seq');
    await refuses('londiste replica.ini provider add-seq entry_id_seq', 'entry_id_seq', 'already');
  });

  test('without a ticker no table would ever be ok', async () => {
    await refuses('londiste replica.ini subscriber add entry', 'no ticker', 'pgqadm');
    await user.must('pgqadm ticker.ini ticker -d');
    await eventually(async () => (await user.type('pgqadm ticker.ini status')).code, 0);
  });

  test('tables and sequences on the subscriber', async () => {
    await at(
      sides.provider,
      'create table only_there (id int primary key, a int, b text); create sequence only_there_seq',
    );
    await user.must('londiste replica.ini provider add only_there');
    await user.must('londiste replica.ini provider add-seq only_there_seq');
    await refuses('londiste replica.ini subscriber add only_there', 'only_there', 'subscriber');
    await refuses(
      'londiste replica.ini subscriber add-seq only_there_seq',
      'only_there_seq',
      'CREATE SEQUENCE',
    );
    await at(sides.subscriber, 'create table only_there (id int, a text)');
    await refuses(
      'londiste replica.ini subscriber add only_there',
      'column b',
      'ADD COLUMN',
      'column a',
      'TYPE integer',
      'ADD PRIMARY KEY',
    );
    const faults = await user.type('londiste replica.ini subscriber check');
    expect(faults.code).toBe(1);
    expect(faults.stdout).toContain('column b');
    await refuses('londiste replica.ini subscriber resync entry', 'entry', 'subscriber add public.entry');
    await refuses('londiste replica.ini subscriber remove entry', 'entry');
    await user.must('londiste replica.ini subscriber add entry');
    await refuses('londiste replica.ini subscriber add entry', 'entry', 'already');
    await refuses('londiste replica.ini subscriber add', '--all');
    await refuses('londiste replica.ini subscriber resync -v --force', 'subscriber resync --all');
  });

  test('an extra column whose domain refuses NULL', async () => {
    await at(sides.provider, 'create table extra (id int primary key)');
    await at(
      sides.subscriber,
      'create domain filled as int not null default 7; create table extra (id int primary key, more filled default 7)',
    );
    await user.must('londiste replica.ini provider add extra');
    await refuses('londiste replica.ini subscriber add extra', 'column more', 'filled', 'DROP NOT NULL');
  });

  test('a table whose triggers a role without the right would fire (I9)', async () => {
    const triggered = `create table triggered (id int primary key)`;
    await at(sides.provider, triggered);
    await at(
      sides.subscriber,
      `${triggered}; create function nothing() returns trigger language plpgsql as 'begin return null; end';
      create trigger after_insert after insert on triggered for each row execute function nothing()`,
    );
    await user.must('londiste replica.ini provider add triggered');
    await refuses(
      'londiste replica.ini subscriber add triggered',
      'after_insert',
      'session_replication_role',
    );
    await asSuperuser(sides.subscriber.port, (admin) =>
      admin.execute('grant set on parameter session_replication_role to app'),
    );
    try {
      await user.must('londiste replica.ini subscriber add triggered');
    } finally {
      await asSuperuser(sides.subscriber.port, (admin) =>
        admin.execute('revoke set on parameter session_replication_role from app'),
      );
    }
    await user.must('londiste replica.ini subscriber remove triggered');
  });

  test('another subscriber of the same name, and both ends in one database', async () => {
    await user.must('londiste replica.ini subscriber register');
    const other = await createDatabase('newest');
    user.write(
      'other.ini',
      user
        .replicaIni()
        .replace(
          /^subscriber_db = .*$/m,
          `subscriber_db = dbname=${other.database} host=127.0.0.1 port=${other.port} user=app`,
        ),
    );
    await user.must('londiste other.ini subscriber install');
    await refuses('londiste other.ini subscriber register', 'lmaster_to_slave', 'job_name');
    await refuses('londiste other.ini replay -d --set pidfile=other.pid', 'lmaster_to_slave', 'job_name');
    user.write(
      'same.ini',
      user
        .replicaIni()
        .replace(
          /^subscriber_db = .*$/m,
          /^provider_db.*$/m.exec(user.replicaIni())?.[0].replace('provider_db', 'subscriber_db') ?? '',
        ),
    );
    await refuses('londiste same.ini subscriber install', 'same database');
    await refuses('londiste same.ini replay -d --set pidfile=same.pid', 'same database');
  });

  test('pid files', async () => {
    const pid = user.pid('ticker');
    await refuses('pgqadm ticker.ini ticker -d', 'ticker.pid', String(pid));
    expect(user.pid('ticker')).toBe(pid);
    await refuses('londiste replica.ini -s', 'lmaster_to_slave.pid');
    user.write('nopid.ini', user.replicaIni().replace(/^pidfile.*$/m, ''));
    await refuses('londiste nopid.ini replay -d', 'pidfile');
    writeFileSync(join(user.folder, 'lmaster_to_slave.pid'), '999999999\n');
    await refuses('londiste replica.ini -s', '999999999');
    // A pid file that a crash left behind is no obstacle to a start.
    await user.must('londiste replica.ini replay -d');
    expect(user.pid('lmaster_to_slave')).not.toBe(999999999);
  });

  test('a second replay of one subscription refuses by the lock of its position, not by the pid file', async () => {
    await eventually(
      async () => (await user.must('londiste replica.ini subscriber tables')).includes(' ok'),
      true,
    );
    await refuses(
      'londiste replica.ini replay -d --set pidfile=second.pid',
      'lmaster_to_slave',
      'served already by',
    );
  });

  test('a subscriber that is being copied can be removed', async () => {
    await user.must('londiste replica.ini subscriber resync entry');
    await user.must('londiste replica.ini subscriber remove entry');
    expect(await user.must('londiste replica.ini subscriber tables')).not.toContain('entry');
    expect(await user.must('londiste replica.ini subscriber missing')).toContain('Table: public.entry');
  });

  test('consumers and queues that are not there', async () => {
    await refuses('pgqadm ticker.ini create londiste.write', 'londiste.write', 'exists');
    await refuses('pgqadm ticker.ini drop nothere', 'nothere', 'londiste.write');
    await refuses('pgqadm ticker.ini drop londiste.write', 'consumers still attached');
    await refuses('pgqadm ticker.ini unregister londiste.write nobody', 'nobody');
    await refuses('pgqadm ticker.ini config londiste.write ticker_max_leg=1', 'ticker_max_lag');
    await refuses('pgqadm ticker.ini config londiste.write ticker_max_lag=soon', 'soon');
    await user.must('londiste replica.ini -s');
    await user.must('londiste replica.ini subscriber unregister');
    await refuses('londiste replica.ini subscriber unregister', 'lmaster_to_slave');
    await user.must('pgqadm ticker.ini -s');
  });
});
