/** How a batch's query finds the events of transactions that ended between two ticks. */
import { describe, expect, it } from 'vitest';
import { nextBatch } from '../../../src/pgq/batch.js';
import { tickerOf } from '../../../src/pgq/ticker.js';
import { open } from '../../support/databases.js';
import { deliver, drain, eagerQueue, pgqDatabase, value, write } from './pgq-database.js';

describe.each(['oldest', 'newest'] as const)('the query of a batch on %s', (which) => {
  it('names transactions that ran for long, and scans over those that ran for a moment', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await using long = await open(settings);
    await using near = await open(settings);
    await using gone = await open(settings);
    await eagerQueue(session);
    for (const other of [long, gone]) {
      await other.query('begin');
      await write(other, other === long ? 'long' : 'rolled back');
    }
    for (let n = 0; n < 150; n += 1) await session.query('select txid_current()');
    await near.query('begin');
    await write(near, 'near');
    await write(session, 'short');
    expect(await deliver(session)).toEqual(['short']);

    await long.query('commit');
    await gone.query('rollback');
    await near.query('commit');
    await write(session, 'next');
    await tickerOf(session, 'q');
    const batch = await nextBatch(session, 'q', 'c');
    const query = await value<string>(session, 'select pgq.batch_event_sql($1)', [batch]);
    expect(query.match(/ev_txid in \(\d+(, \d+)*\)/g)).toHaveLength(3);
    expect((await drain(session)).map(({ data }) => data)).toEqual(['long', 'near', 'next']);
    expect(await deliver(session)).toEqual([]);
  });

  it('never starts parallel workers', async () => {
    await using session = await open(await pgqDatabase(which));
    await eagerQueue(session);
    await write(session, 'one');
    await tickerOf(session, 'q');
    const query = await value<string>(session, `select pgq.batch_event_sql(pgq.next_batch('q', 'c'))`);
    // The server's own way to show whether a plan could run in a worker.
    await session.query(`set ${session.major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode'} = on`);
    const plan = async (text: string): Promise<string> =>
      JSON.stringify(await session.query(`explain ${text}`));
    expect(await plan(query.replaceAll('pg_my_temp_schema() >= 0', 'true')), 'the moment').toContain(
      'Gather',
    );
    expect(await plan(query)).not.toContain('Gather');
  });
});
