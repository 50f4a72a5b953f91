/** The ticker daemon's own sessions, under roles and databases whose defaults would keep them from their work. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { runTicker } from '../../src/daemon/ticker.js';
import { lastTick } from '../../src/pgq/tick.js';
import { createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { drain, pgqDatabase, write } from '../sql/pgq/pgq-database.js';
import { memoryLog } from './memory-log.js';

const settings = {
  default_transaction_read_only: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  statement_timeout: '300',
  idle_in_transaction_session_timeout: '300',
  search_path: 'public, pg_catalog',
  synchronous_commit: 'off',
};

describe.each(['oldest', 'newest'] as const)('the ticker daemon on %s', (which) => {
  it('ticks and maintains whatever its database makes the default', async () => {
    const database = await pgqDatabase(which);
    await using session = await open(database);
    await session.query(`select pgq.create_queue('q'), pgq.set_queue_config('q', 'ticker_max_lag', '0')`);
    await session.query(`select pgq.register_consumer('q', 'c')`);
    await session.query(`update pgq.queue set queue_rotation_period = '-1 second'`);
    for (const [name, value] of Object.entries(settings))
      await session.query(`alter database ${database.database} set ${name} = ${value}`);
    // What a careless search_path would find first.
    await session.query(
      `create function public.clock_timestamp() returns timestamptz language sql as 'select null::timestamptz'`,
    );

    const { log, lines } = memoryLog();
    const stop = new AbortController();
    const running = runTicker(
      { jobName: 'defaults', database, loopDelayMs: 20, maintDelayMs: 50 },
      { log, stop: stop.signal, ready: () => undefined },
    );
    const seen: (string | null)[] = [];
    for (const name of ['one', 'two', 'three']) {
      await write(session, name);
      await eventually(async () => {
        seen.push(...(await drain(session)).map(({ data }) => data));
        return seen.at(-1);
      }, name);
    }
    await eventually(async () => {
      await drain(session);
      return (await session.one<{ table: number }>('select queue_cur_table as table from pgq.queue')).table;
    }, 2);
    stop.abort();
    await running;
    expect(seen).toEqual(['one', 'two', 'three']);
    expect(lines.filter((line) => !line.startsWith('info maintenance'))).toEqual([]);
  });

  it('waits for events without keeping a snapshot', async () => {
    const database = await pgqDatabase(which);
    await using session = await open(database);
    await session.query(`select pgq.create_queue('q'), pgq.set_queue_config('q', 'ticker_max_lag', '0')`);
    const stop = new AbortController();
    const running = runTicker(
      { jobName: 'idle', database, loopDelayMs: 50, maintDelayMs: 60_000 },
      { log: pino({ level: 'silent' }), stop: stop.signal, ready: () => undefined },
    );
    await eventually(async () => (await lastTick(session, 'q'))?.tickId, 2);
    // One statement, several transactions.
    const transactions = new Map<string, Set<string>>();
    await eventually(async () => {
      const { statement, transaction } = await session.one<{ statement: string; transaction: string | null }>(
        `select query_start::text as statement, xact_start::text as transaction from pg_stat_activity
         where application_name = 'pgqadm idle ticker' and datname = current_database()`,
      );
      const seen = transactions.get(statement) ?? new Set();
      if (transaction !== null) transactions.set(statement, seen.add(transaction));
      return seen.size >= 3;
    }, true);
    stop.abort();
    await running;
  });

  it('is told at once when there is nothing to connect to', async () => {
    const database = await createDatabase(which);
    await expect(
      runTicker(
        { jobName: 'none', database: { ...database, database: 'none' }, loopDelayMs: 20, maintDelayMs: 1000 },
        { log: pino({ level: 'silent' }), stop: new AbortController().signal, ready: () => undefined },
      ),
    ).rejects.toThrow('database "none" does not exist');
  });
});
