/**
 * A replicated table whose capture a transaction drops: what was written before arrives, other tables go on, and what the
 * warning says to type makes both sides equal again.
 */
import { expect, test } from 'vitest';
import type { ProviderFault } from '../../src/londiste/provider.js';
import { addProviderTables, checkProvider, removeProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import type { Form } from '../support/capture-form.js';
import type { Which } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { gone, lossOf, missing, type Loss } from '../support/losses.js';
import { createPair, Daemons } from '../support/pair.js';

const create = 'create table TABLE (id int primary key, v text)';

const losses: Readonly<Record<string, Loss>> = {
  dropped: { ddl: 'drop table TABLE', says: gone },
  again: { ddl: `drop table TABLE; ${create}`, says: gone },
  trigger: { ddl: 'drop trigger TRIGGER on TABLE', says: missing },
  function: { ddl: 'drop function FUNCTION cascade', says: missing },
};
const names = Object.keys(losses);

const written = `(select string_agg(id || v, ' ' order by id) from TABLE where id <= 2) as rows`;

test.each([
  ['oldest', 'newest', 'statement'],
  ['newest', 'oldest', 'row'],
] as readonly [Which, Which, Form][])('from %s to %s, capture by %s', async (from, to, form) => {
  const pair = await createPair(from, to);
  const { provider, subscriber, name } = pair;
  const tables = [...names, 'other'];
  for (const session of [provider, subscriber])
    for (const table of tables) await session.execute(create.replace('TABLE', table));
  for (const table of tables) await provider.execute(`insert into ${table} values (1, 'first')`);
  await addProviderTables(provider, name.queue, tables, { capture: form });
  Daemons.replay(pair, { loopDelayMs: 20 });
  await followByHand(pair, tables);

  const catchUp = async (): Promise<void> => reach(pair, await tickNow(provider, name.queue));
  const rowsOf = async (table: string): Promise<string> =>
    (await subscriber.one<{ rows: string }>(`select ${written.replace('TABLE', table)}`)).rows;
  const tableFaults = async (): Promise<ProviderFault[]> =>
    (await checkProvider(provider, name.queue)).faults.filter(
      ({ isFault, object }) => isFault && object.startsWith('table'),
    );

  for (const [table, loss] of Object.entries(losses)) {
    const after =
      table === 'dropped'
        ? ''
        : `insert into ${table} values (3, 'after'); update ${table} set v = v || '?';`;
    await provider.execute(
      `begin; insert into ${table} values (2, 'x'); update ${table} set v = 'before'; insert into other values (${names.indexOf(table) + 10}, 'beside');
       ${await lossOf(provider, table, loss)}; ${after} update other set v = v || '!'; commit`,
    );
  }
  await catchUp();
  for (const table of names) expect(await rowsOf(table), table).toBe('1before 2before');
  expect(await digest(subscriber, ['other'])).toBe(await digest(provider, ['other']));
  const faults = await tableFaults();
  for (const [table, { says }] of Object.entries(losses)) {
    const about = faults.filter(({ object }) => object === `table public.${table}`);
    expect(
      about.map(({ what }) => what.slice(0, says.length)),
      table,
    ).toEqual([says]);
    expect(about[0]?.fix).toContain(`provider remove public.${table}`);
  }

  // Once the table is there again.
  await provider.execute(`${create.replace('TABLE', 'dropped')}; insert into dropped values (7, 'new')`);
  await removeProviderTables(provider, name.queue, names);
  await addProviderTables(provider, name.queue, names, { capture: form });
  await provider.execute(`insert into other values (20, 'meanwhile')`);
  await resyncTables(pair.ends, names);
  await eventually(
    async () => {
      await tickNow(provider, name.queue);
      return (await listTables(subscriber, name)).map(({ state, error }) => error ?? state);
    },
    tables.map(() => 'ok'),
  );
  for (const table of tables)
    await provider.execute(
      `insert into ${table} values (8, 'last'); update ${table} set v = v || '.'; delete from ${table} where id = 3`,
    );
  await catchUp();
  expect(await digest(subscriber, tables)).toBe(await digest(provider, tables));
  expect(await tableFaults()).toEqual([]);
});
