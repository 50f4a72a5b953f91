import { describe, expect, it } from 'vitest';
import { createDatabase, open } from '../support/databases.js';
import { installSchema } from '../../src/install/install.js';

describe.each(['oldest', 'newest'] as const)('installing pgq on %s', (which) => {
  it('installs, and finds itself there', async () => {
    await using session = await open(await createDatabase(which));
    expect(await installSchema(session, 'pgq')).toBe('installed');
    expect(await installSchema(session, 'pgq')).toBe('present');
    await session.query(`update pgq.installation set code_digest = null`);
    expect(await installSchema(session, 'pgq')).toBe('upgraded');
    console.log(await session.query(`select pgq.create_queue('a.b'), pgq.ticker('a.b')`));
    await session.query(`select pgq.register_consumer('a.b','c'), pgq.insert_event('a.b', 't', 'd')`);
    await session.query(`select pgq.set_queue_config('a.b','ticker_max_lag','0')`);
    console.log(await session.query(`select pgq.ticker()`));
    const [{ b }] = (await session.query<{ b: number }>(`select pgq.next_batch('a.b','c') as b`)) as [
      { b: number },
    ];
    console.log(await session.query(`select pgq.batch_event_sql($1)`, [b]));
    console.log(await session.query(`select * from pgq.get_batch_events($1)`, [b]));
    console.log(await session.query(`select * from pgq.get_queue_info()`));
    console.log(await session.query(`select * from pgq.get_consumer_info()`));
    console.log(await session.query(`select * from pgq.epoch`));
    await session.query(`select pgq.finish_batch($1)`, [b]);
    console.log(await session.query(`select * from pgq.maint_operations()`));
    await session.query(`select pgq.drop_queue('a.b', true)`);
  });
});
