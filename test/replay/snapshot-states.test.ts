/** P2 and C8: whoever reads the subscriber in one snapshot sees a state that the provider had. */
import { expect, test } from 'vitest';
import { inTransaction } from '../../src/db/transaction.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { createPair, Daemons, fingerprint } from '../support/pair.js';

const accounts = 50;
const total = accounts * 1000;

test('transfers between two tables: every reader of the subscriber finds the whole sum', async () => {
  const pair = await createPair('oldest', 'newest');
  const { provider, subscriber, ends, name } = pair;
  for (const session of [provider, subscriber]) {
    await session.execute('create table giro (id int primary key, amount int not null)');
    await session.execute('create table savings (id int primary key, amount int not null)');
  }
  await provider.execute(`insert into giro select n, 1000 from generate_series(1, ${accounts}) n`);
  await provider.execute(`insert into savings select n, 0 from generate_series(1, ${accounts}) n`);
  Daemons.ticker(pair);
  Daemons.replay(pair);
  await addProviderTables(provider, name.queue, ['giro', 'savings']);
  await eventually(
    async () => (await provider.one<{ a: boolean }>('select pgq.ticker_alive() as a')).a,
    true,
  );
  await addSubscriberTables(ends, ['giro', 'savings']);
  await eventually(async () => (await listTables(subscriber, name)).map(({ state }) => state), ['ok', 'ok']);

  const end = Date.now() + 6_000;
  const transfers = await Promise.all(
    [1, 2, 3]
      .map(async (seed) => {
        await using session = await open(pair.providerSettings, `transfers ${seed}`);
        let done = 0;
        for (; Date.now() < end; done += 1) {
          const [from, to, amount] = [
            1 + ((done * 7 + seed) % accounts),
            1 + ((done * 13 + seed) % accounts),
            1 + (done % 50),
          ];
          const [a, b] = done % 2 === 0 ? ['giro', 'savings'] : ['savings', 'giro'];
          try {
            await inTransaction(session, async () => {
              await session.execute(`update ${a} set amount = amount - ${amount} where id = ${from}`);
              await session.execute(`update ${b} set amount = amount + ${amount} where id = ${to}`);
            });
          } catch {
            // Two transfers that wait for one another: one of them is rolled back, as a bank would do.
          }
        }
        return done;
      })
      .concat(
        // Two statements in one snapshot: the tables are read one after the other, as an application would.
        [1].map(async () => {
          await using reader = await open(pair.subscriberSettings, 'reader');
          const states = new Set<string>();
          let reads = 0;
          for (; Date.now() < end; reads += 1) {
            const sum = await inTransaction(
              reader,
              async () => {
                const giro = await reader.one<{ sum: number; state: string }>(
                  'select sum(amount)::int as sum, md5(string_agg(amount::text, $1 order by id)) as state from giro',
                  [','],
                );
                const savings = await reader.one<{ sum: number }>(
                  'select sum(amount)::int as sum from savings',
                );
                states.add(giro.state);
                return giro.sum + savings.sum;
              },
              { isolation: 'repeatable read', readOnly: true },
            );
            expect(sum).toBe(total);
          }
          expect(states.size).toBeGreaterThan(10);
          console.log(`${reads} reads of ${states.size} states while transfers ran`);
          return reads;
        }),
      ),
  );
  console.log(`transfers by three sessions: ${transfers.slice(0, 3).join(', ')}`);
  for (const table of ['giro', 'savings']) {
    await eventually(() => fingerprint(subscriber, table), await fingerprint(provider, table));
  }
});
