/**
 * A subscriber that takes no writes for a while: a standby, a read-only default, no connection left, a
 * lock. Replay waits and says so; no table is to blame, so none parks; then it goes on by itself.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { installProvider } from '../../src/setup/provider.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import { installSubscriber } from '../../src/setup/subscription.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { digest, reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { ownServer } from '../support/own-server.js';
import { Daemons } from '../support/pair.js';

const name = { queue: 'q', consumer: 'c' };

describe('a subscriber that takes no writes', () => {
  const server = ownServer('newest');
  const told: string[] = [];
  const write = (line: string): void => {
    const { msg, hint } = JSON.parse(line) as { msg: string; hint?: string };
    told.push(`${msg}; ${hint ?? ''}`);
  };
  const log = pino({ level: 'info' }, { write });
  let provider: Session;
  let providerSettings: ConnectSettings;
  let subscriberSettings: ConnectSettings;

  beforeAll(async () => {
    providerSettings = await createDatabase('oldest');
    subscriberSettings = await createDatabase({ port: server().port });
    provider = await open(providerSettings);
    await using subscriber = await open(subscriberSettings);
    const ends = { name, provider, subscriber };
    await installProvider(provider, name.queue);
    await installSubscriber(ends);
    for (const session of [provider, subscriber])
      await session.execute('create table entry (id serial primary key, v text)');
    Daemons.replay({ name, providerSettings, subscriberSettings }, { log, lockTimeoutMs: 300 });
    await subscribeByHand({ ...ends, ends, providerSettings, subscriberSettings }, ['entry']);
    return () => provider.end();
  });

  /** Changes that wait while the subscriber takes none; replay has said `words` by the time that this returns. */
  async function waits(...words: string[]): Promise<number> {
    told.length = 0;
    await provider.execute(
      `insert into entry (v) values ('waits'); update entry set v = v || '!' where id % 2 = 0`,
    );
    const tick = await tickNow(provider, name.queue);
    await eventually(() => {
      const text = told.join('\n').toLowerCase();
      return words.filter((word) => !text.includes(word.toLowerCase()));
    }, []);
    return tick;
  }

  async function goesOn(tick: number): Promise<void> {
    await using subscriber = await open(subscriberSettings);
    await reach({ name, subscriber }, tick, 30_000);
    expect((await listTables(subscriber, name)).map(({ state, error }) => error ?? state)).toEqual(['ok']);
    expect(await digest(subscriber, ['entry'])).toBe(await digest(provider, ['entry']));
    expect(told.filter((line) => line.includes('parked'))).toEqual([]);
  }

  const admin = (sql: string): Promise<number> =>
    asSuperuser(subscriberSettings.port, (root) => root.execute(sql), subscriberSettings.database);

  const cut = (): Promise<number> =>
    admin(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${subscriberSettings.user}'`,
    );

  test('that is in recovery', { timeout: 120_000 }, async () => {
    const signal = join(server().dataFolder, 'standby.signal');
    await server().stop();
    writeFileSync(signal, '');
    await server().start();
    const tick = await waits('in recovery', 'primary');
    await server().stop();
    rmSync(signal);
    await server().start();
    await goesOn(tick);
  });

  test('that is promoted while replay waits', { timeout: 120_000 }, async () => {
    const signal = join(server().dataFolder, 'standby.signal');
    await server().stop();
    writeFileSync(signal, '');
    await server().start();
    const tick = await waits('in recovery');
    await admin('select pg_promote()');
    await goesOn(tick);
  });

  test('whose role has no connection left', { timeout: 60_000 }, async () => {
    await admin(`alter role ${subscriberSettings.user} connection limit 0`);
    await cut();
    const tick = await waits('too many connections for role');
    await admin(`alter role ${subscriberSettings.user} connection limit -1`);
    await goesOn(tick);
  });

  test('whose database lets nobody in', { timeout: 60_000 }, async () => {
    await asSuperuser(subscriberSettings.port, (root) =>
      root.execute(`alter database ${subscriberSettings.database} allow_connections false;
        select pg_terminate_backend(pid) from pg_stat_activity where datname = '${subscriberSettings.database}'`),
    );
    const tick = await waits('not currently accepting connections');
    await asSuperuser(subscriberSettings.port, (root) =>
      root.execute(`alter database ${subscriberSettings.database} allow_connections true`),
    );
    await goesOn(tick);
  });

  test('whose table somebody has locked', { timeout: 60_000 }, async () => {
    await using other = await open({ ...subscriberSettings, user: superuser });
    await other.execute('begin; lock table entry in access exclusive mode');
    const tick = await waits('public.entry is locked by another session');
    await other.execute('commit');
    await goesOn(tick);
  });

  test(
    'unless that is only a default: replay writes all the same, applications do not',
    { timeout: 60_000 },
    async () => {
      await admin(`alter database ${subscriberSettings.database} set default_transaction_read_only = on`);
      await cut();
      await provider.execute(`insert into entry (v) values ('written')`);
      await goesOn(await tickNow(provider, name.queue));
      await using application = await open(subscriberSettings);
      await expect(application.execute(`insert into entry (v) values ('here')`)).rejects.toThrow('read-only');
    },
  );
});
