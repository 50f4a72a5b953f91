/** A table that autovacuum is busy with for hours: it gives way to who waits for longer than deadlock_timeout, so we do. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { installSchema } from '../../src/install/install.js';
import { addProviderTables, removeProviderTables } from '../../src/setup/provider.js';
import { quickSettings } from '../support/clusters.js';
import { createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';

const queue = 'q';

describe.each(['oldest', 'newest'] as const)('beside autovacuum, %s server', (which) => {
  const server = ownServer(which, { ...quickSettings, autovacuum_naptime: '1s' });
  let session: Session;

  beforeAll(async () => {
    session = await open(await createDatabase(server()));
    await installSchema(session, 'pgq');
    await installSchema(session, 'londiste');
    await session.query('select pgq.create_queue($1)', [queue]);
    await session.execute(`create table large (id int primary key, v text) with (
        autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
      insert into large select n, repeat('x', 1000) from generate_series(1, 10000) n`);
    return () => session.end();
  });

  /** Nobody else takes this lock; the worker comes within a second or two of the first statements that it was told of. */
  const isVacuumed = (): Promise<void> =>
    eventually(
      async () => {
        await session.execute('update large set v = v where id = 1');
        return session.query(
          `select from pg_locks where relation = 'large'::regclass and mode = 'ShareUpdateExclusiveLock' and granted`,
        );
      },
      [{}],
      60_000,
    );

  test.each([
    ['added', addProviderTables],
    ['removed', removeProviderTables],
  ] as const)('a table is %s', { timeout: 90_000 }, async (_, work) => {
    await isVacuumed();
    const began = performance.now();
    expect(await work(session, queue, ['large'])).toEqual(['public.large']);
    expect(performance.now() - began, 'the milliseconds of it').toBeGreaterThan(900);
  });
});
