/** What `pgqadm doctor` finds: rights with the grants that mend them, and everything that can be wrong with queues. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { examine, type Examination } from '../../src/setup/doctor.js';
import { works } from '../../src/setup/doctor-rights.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { installSchema } from '../../src/install/install.js';
import { finishBatch, nextBatch } from '../../src/pgq/batch.js';
import { pgqDatabase } from '../sql/pgq/pgq-database.js';

function about(found: Examination, level: string, what: RegExp): string[] {
  return found.findings.filter((one) => one.level === level && what.test(one.what)).map((one) => one.about);
}

const anHour = { work: 'ticker', longerThan: 3_600 } as const;

describe.each(['oldest', 'newest'] as const)('a database of the %s server', (which) => {
  let settings: ConnectSettings;
  let session: Session;

  beforeAll(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    await session.query(`select pgq.create_queue('orders'), pgq.register_consumer('orders', 'mailer')`);
    return () => session.end();
  });

  async function withRole(work: (role: string) => Promise<void>): Promise<void> {
    const role = `doctor ${which} ${process.pid}`;
    await asSuperuser(settings.port, (admin) => admin.execute(`create role "${role}" login`));
    try {
      await work(role);
    } finally {
      const drop = `drop owned by "${role}"; drop role "${role}"`;
      await asSuperuser(settings.port, (admin) => admin.execute(drop), settings.database);
    }
  }

  test.each(works)('what it says that a %s lacks is all that it lacks', async (work) => {
    const does = {
      producer: [`select pgq.insert_event('orders', 't', 'd')`],
      consumer: [`select pgq.next_batch('orders', 'mailer')`, 'select * from pgq.event_1'],
      ticker: ['call pgq.tick_when_due(0, 0, 0, 0)', 'select * from pgq.maint_operations()'],
      admin: [`select pgq.create_queue('made')`, `select pgq.drop_queue('made')`],
    }[work];
    await withRole(async (role) => {
      const before = await examine(session, { ...anHour, role, work });
      expect(before).toMatchObject({ role, healthy: false });
      expect(before.may[work]).toBe(false);
      expect(about(before, 'fault', new RegExp(`work of a ${work}`))).toEqual([`role ${role}`]);
      await using other = await open({ ...settings, user: role });
      await expect(other.query(does[0] ?? '')).rejects.toMatchObject({ kind: 'rights' });
      for (const grant of before.grants[work] ?? []) await session.query(grant);
      for (const statement of does) await other.query(statement);
      const after = await examine(other, { ...anHour, work });
      expect(after.may[work]).toBe(true);
      expect(after.grants[work]).toBeUndefined();
      expect(about(after, 'fault', /work/)).toEqual([]);
      expect(about(after, 'note', /this role sees only its own/)).toEqual(['transactions']);
    });
  });

  test('roles that nobody could make are told with the SQL that makes them', async () => {
    const found = await examine(session, anHour);
    const roles = await session.query(`select from pg_roles where rolname ~ '^pgq_(reader|writer|admin)$'`);
    expect(about(found, 'note', /are not all there/)).toEqual(roles.length === 3 ? [] : ['roles']);
  });

  test('nothing is wrong with a young queue, whoever ticks it', async () => {
    const found = await examine(session, anHour);
    expect(found.findings.filter(({ level }) => level === 'fault')).toEqual([]);
    expect(found.healthy).toBe(true);
  });

  test('paused, overdue and held queues, silent consumers, stuck retries, open transactions', async () => {
    await session.query(`select pgq.insert_event('orders', 't', 'd')`);
    await session.query(`select pgq.force_tick('orders')`);
    await session.query(`select pgq.ticker('orders')`);
    for (let id = await nextBatch(session, 'orders', 'mailer'); id !== undefined;) {
      await session.query('select pgq.batch_retry($1, 0)', [id]);
      await finishBatch(session, id);
      id = await nextBatch(session, 'orders', 'mailer');
    }
    await session.query(`select pgq.insert_event('orders', 't', 'd')`);
    await session.query(`select pgq.force_tick('orders')`);
    await session.query(`select pgq.ticker('orders')`);
    await session.query(
      `update pgq.tick set tick_time = tick_time - interval '1 day';
       update pgq.subscription set sub_active = sub_active - interval '1 day';
       update pgq.retry_queue set ev_retry_after = ev_retry_after - interval '1 day';
       update pgq.queue set queue_switch_time = queue_switch_time - interval '1 day', queue_switch_step2 = txid_current()`,
    );
    await using holder = await open(settings, 'sleeper');
    await holder.query('begin; select txid_current()');
    await using preparer = await open(settings);
    await preparer.query(`begin; select txid_current(); prepare transaction 'left ${settings.database}'`);
    const bad = await examine(session, { ...anHour, longerThan: 0.001 });
    await preparer.query(`rollback prepared 'left ${settings.database}'`);
    await holder.query('rollback');
    expect(bad.healthy).toBe(false);
    expect(about(bad, 'fault', /none runs for this database/)).toEqual(['ticker']);
    expect(about(bad, 'fault', /^rotation is 22 h .* late .* held by mailer, which stands at/)).toEqual([
      'queue orders',
    ]);
    expect(about(bad, 'fault', /nobody has run consumer mailer for 1 d/)).toEqual(['queue orders']);
    expect(about(bad, 'fault', /[12] events have been due for a retry for up to 1 d/)).toEqual([
      'queue orders',
    ]);
    expect(about(bad, 'fault', /\(app in .*, sleeper, idle in transaction\) has one open/)).toEqual([
      'transactions',
    ]);
    expect(about(bad, 'fault', /transaction left t_.* has been prepared/)).toEqual(['transactions']);

    // With a ticker there it is the queue that fails, not the ticker that is missing.
    await session.query('select pgq.announce_ticker()');
    const failing = await examine(session, anHour);
    expect(about(failing, 'fault', /has had no tick for 1 d/)).toEqual(['queue orders']);
    expect(about(failing, 'fault', /none runs/)).toEqual([]);
    await session.query(`select pgq.set_queue_config('orders', 'consumer_drop_after', '2 days')`);
    await session.query(
      `insert into pgq.ticker_error select queue_id, now(), now(), 'XX000', 'no luck' from pgq.queue`,
    );
    const told = await examine(session, anHour);
    expect(about(told, 'fault', /cannot be ticked since .*: no luck \(SQLSTATE XX000\)/)).toEqual([
      'queue orders',
    ]);
    expect(about(told, 'fault', /has had no tick/)).toEqual([]);
    expect(about(told, 'fault', /until it is unregistered after 2 days/)).toEqual(['queue orders']);
    await session.query('delete from pgq.ticker_error');
    await session.query(`select pgq.set_queue_config('orders', 'ticker_paused', 'true');
      update pgq.queue set queue_disable_insert = true`);
    const paused = await examine(session, anHour);
    expect(about(paused, 'fault', /has had no tick/)).toEqual([]);
    expect(about(paused, 'note', /ticks are paused/)).toEqual(['queue orders']);
    expect(about(paused, 'note', /takes no events/)).toEqual(['queue orders']);
    expect(about(paused, 'fault', /due for a retry/)).toEqual([]);
  });

  test('settings of the role, the version of the schema', async () => {
    const settingsOfRole = {
      synchronous_commit: 'off',
      log_min_duration_statement: '100',
      idle_in_transaction_session_timeout: '0',
    };
    await withRole(async (role) => {
      await asSuperuser(settings.port, async (admin) => {
        for (const [name, value] of Object.entries(settingsOfRole))
          await admin.execute(`alter role "${role}" set ${name} = ${value}`);
      });
      await using other = await open({ ...settings, user: role });
      const found = await examine(other, anHour);
      expect(
        about(found, 'note', /synchronous_commit|log_min_duration_statement is 100 ms|nothing ends/),
      ).toHaveLength(3);
      expect(about(found, 'note', /fsync is off/)).toEqual(['server']);
    });
    const states: [string, string, RegExp][] = [
      [`code_digest = 'another'`, 'note', /functions are those of another release/],
      ['schema_version = 1', 'fault', /is of version 1, this program needs 2/],
      ['schema_version = 9, oldest_code = 9', 'fault', /cannot work with/],
    ];
    for (const [change, level, what] of states) {
      await session.query('begin');
      await session.query(`update pgq.installation set ${change}`);
      expect(about(await examine(session, anHour), level, what)).toEqual(['schema pgq']);
      await session.query('rollback');
    }
  });
});

test('a database without PgQ, and one with that of another program', async () => {
  const settings = await createDatabase('newest');
  await using session = await open(settings);
  expect((await examine(session, anHour)).findings[0]).toMatchObject({ fix: 'pgqadm CONFIG install' });
  await session.execute('create schema pgq');
  expect(about(await examine(session, anHour), 'fault', /another program/)).toEqual(['schema pgq']);
  await session.execute('drop schema pgq');
  await installSchema(session, 'pgq');
  expect(about(await examine(session, anHour), 'note', /there is none/)).toEqual(['queues']);
});
