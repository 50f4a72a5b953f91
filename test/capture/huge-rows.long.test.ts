/**
 * Rows of which the text exceeds 1 GB: the server stores them, and no event can carry them. The application notices nothing,
 * and the table parks with the reason. By `npm run test:long` only: some gigabytes are written.
 */
import { describe, expect, test } from 'vitest';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import { servers } from '../support/capture-form.js';
import { eventually } from '../support/eventually.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons } from '../support/pair.js';

/** Bytes, each of which takes two characters: a value that fits, and two of them make a row too long. */
const half = `convert_to(repeat('x', 270000000), 'UTF8')`;

describe.each(servers)('%s server, capture by %s', (which, capture) => {
  test('are announced without their image', { timeout: 300_000 }, async () => {
    const pair = await createPair(which, which);
    const { provider, subscriber, name } = pair;
    for (const session of [provider, subscriber])
      await session.execute(`create table huge (id int primary key, v bytea, w bytea);
        alter table huge alter v set storage external; alter table huge alter w set storage external`);
    await addProviderTables(provider, name.queue, ['huge'], { capture });
    Daemons.replay(pair, { loopDelayMs: 20 });
    await followByHand(pair, ['huge']);

    const writes = {
      INSERT: `insert into huge values (1, 'small', 'small'), (2, ${half}, ${half})`,
      UPDATE: `update huge set v = ${half}, w = ${half} where id = 1`,
    };
    for (const [what, statement] of Object.entries(writes)) {
      await provider.execute(statement);
      await reach(pair, await tickNow(provider, name.queue), 60_000);
      const [parked] = await listTables(subscriber, name);
      expect(parked?.error).toContain(`${what} of a row that no event can carry`);
      expect(parked?.errorHint).toContain('resync public.huge');
      // Rows that have become small are carried again.
      await provider.execute(`update huge set v = 'small again', w = null`);
      await resyncTables(pair.ends, ['huge']);
      await eventually(
        async () => {
          await tickNow(provider, name.queue);
          return (await listTables(subscriber, name)).map(({ state }) => state);
        },
        ['ok'],
        60_000,
      );
      expect(await digest(subscriber, ['huge'])).toBe(await digest(provider, ['huge']));
    }
  });
});
