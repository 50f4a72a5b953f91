/** A database that an older version installed has, once this one has upgraded it, what a fresh one has. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { installSchema } from '../../src/install/install.js';
import { createDatabase, open } from '../support/databases.js';
import { root } from '../support/programs.js';
import { catalogue } from './catalogue.js';

describe.each(['oldest', 'newest'] as const)('schema londiste of version 0.1.0, %s server', (which) => {
  it('becomes what this version installs, and keeps what is in it', async () => {
    await using fresh = await open(await createDatabase(which));
    await installSchema(fresh, 'londiste');
    await using old = await open(await createDatabase(which));
    await old.execute(readFileSync(`${root}test/install/fixtures/londiste-0.1.0.sql`, 'utf8'));
    await old.execute(`insert into londiste.position (queue_name, consumer_name, provider_node) values ('q', 'c', gen_random_uuid());
      insert into londiste.table_state (queue_name, consumer_name, table_name, state, error) values ('q', 'c', 'public.entry', 'ok', 'kept')`);
    expect(await catalogue(old, 'londiste')).not.toEqual(await catalogue(fresh, 'londiste'));

    expect(await installSchema(old, 'londiste')).toBe('upgraded');
    expect(await catalogue(old, 'londiste')).toEqual(await catalogue(fresh, 'londiste'));
    expect(await old.query('select table_name, state, error from londiste.table_state')).toEqual([
      { table_name: 'public.entry', state: 'ok', error: 'kept' },
    ]);
    expect(await installSchema(old, 'londiste')).toBe('present');
  });
});

describe.each(['oldest', 'newest'] as const)('schema pgq of version 0.1.0, %s server', (which) => {
  it('becomes what this version installs, and goes on with the queue that is in it', async () => {
    await using fresh = await open(await createDatabase(which));
    await installSchema(fresh, 'pgq');
    await using old = await open(await createDatabase(which));
    await old.execute(readFileSync(`${root}test/install/fixtures/pgq-0.1.0.sql`, 'utf8'));
    for (const session of [fresh, old]) {
      await session.query(`select pgq.create_queue('q'), pgq.set_queue_config('q', 'ticker_max_lag', '0')`);
      await session.query(`select pgq.register_consumer('q', 'c')`);
    }
    await old.query(`select pgq.insert_event('q', 't', 'before')`);
    expect(await catalogue(old, 'pgq')).not.toEqual(await catalogue(fresh, 'pgq'));

    expect(await installSchema(old, 'pgq')).toBe('upgraded');
    expect(await catalogue(old, 'pgq')).toEqual(await catalogue(fresh, 'pgq'));
    await old.query(`select pgq.insert_event('q', 't', 'after'), pgq.force_tick('q')`);
    await old.query('select pgq.ticker()');
    expect(
      await old.query(`select ev_data as data from pgq.get_batch_events(pgq.next_batch('q', 'c'))`),
    ).toEqual([{ data: 'before' }, { data: 'after' }]);
    expect(await installSchema(old, 'pgq')).toBe('present');
  });
});
