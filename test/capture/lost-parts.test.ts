/** Capture by row that is lost in part, of plain tables, partitions of every level and inheritance trees: each loss is reported. */
import { describe, expect, test } from 'vitest';
import { addProviderTables, checkProvider, removeProviderTables } from '../../src/setup/provider.js';
import { open } from '../support/databases.js';
import { changed, lossOf, missing, type Loss } from '../support/losses.js';
import { createPair, type Pair } from '../support/pair.js';

/** A table, what is lost of it and on what: the relation whose trigger of `op` is meant. */
interface PartLoss extends Loss {
  readonly shape: 'plain' | 'split' | 'tree';
  readonly on?: string;
  readonly op?: string;
}

const shapes: Readonly<Record<PartLoss['shape'], string>> = {
  plain: 'create table TABLE (id int primary key, v text)',
  split: `create table TABLE (id int primary key, v text) partition by range (id);
    create table TABLE_low partition of TABLE for values from (minvalue) to (100);
    create table TABLE_sub partition of TABLE for values from (100) to (maxvalue) partition by range (id);
    create table TABLE_deep partition of TABLE_sub default`,
  tree: `create table TABLE (id int primary key, v text);
    create table TABLE_heir (w int, primary key (id)) inherits (TABLE)`,
};

/** Whether row triggers fire is asked of K, so one that says no is capture that is off. */
const never = `create or replace function CHECK(i_again boolean default false) returns boolean language sql immutable as 'select i_again'`;
const empty = `create or replace function FUNCTION returns trigger language plpgsql as 'begin return null; end'`;
const off = 'alter table TABLE disable trigger TRIGGER';
const drop = 'drop trigger TRIGGER on TABLE';

const losses: Readonly<Record<string, PartLoss>> = {
  x_dropped: { shape: 'plain', op: 'x', ddl: drop, says: missing },
  x_function: { shape: 'plain', op: 'x', ddl: 'drop function FUNCTION cascade', says: missing },
  x_replaced: { shape: 'plain', op: 'x', ddl: empty, says: changed },
  k_dropped: { shape: 'plain', ddl: 'drop function CHECK(boolean) cascade', says: missing },
  k_replaced: { shape: 'plain', ddl: never, says: changed },
  r_off: { shape: 'plain', op: 'r', ddl: off, says: missing },
  split_k: { shape: 'split', ddl: 'drop function CHECK(boolean) cascade', says: missing },
  split_k_replaced: { shape: 'split', ddl: never, says: changed },
  split_u: { shape: 'split', ddl: drop, says: missing },
  split_b: { shape: 'split', op: 'b', ddl: drop, says: missing },
  split_b_function: { shape: 'split', op: 'b', ddl: 'drop function FUNCTION cascade', says: missing },
  split_b_replaced: { shape: 'split', op: 'b', ddl: empty, says: changed },
  split_p: { shape: 'split', on: 'TABLE_low', op: 'p', ddl: drop, says: missing },
  split_deep_p: { shape: 'split', on: 'TABLE_deep', op: 'p', ddl: drop, says: missing },
  split_p_off: { shape: 'split', on: 'TABLE_low', op: 'p', ddl: off, says: missing },
  split_p_function: {
    shape: 'split',
    on: 'TABLE_low',
    op: 'p',
    ddl: 'drop function FUNCTION cascade',
    says: missing,
  },
  split_p_replaced: { shape: 'split', on: 'TABLE_low', op: 'p', ddl: empty, says: changed },
  clone_off: { shape: 'split', on: 'TABLE_low', ddl: off, says: missing },
  clone_all_off: {
    shape: 'split',
    on: 'TABLE_low',
    ddl: 'alter table TABLE disable trigger all',
    says: missing,
  },
  clone_for_replicas: {
    shape: 'split',
    on: 'TABLE_low',
    ddl: 'alter table TABLE enable replica trigger TRIGGER',
    says: missing,
  },
  clone_deep_off: { shape: 'split', on: 'TABLE_deep', ddl: off, says: missing },
  clone_deep_x_off: { shape: 'split', on: 'TABLE_deep', op: 'x', ddl: off, says: missing },
  tree_u: { shape: 'tree', on: 'TABLE_heir', ddl: drop, says: missing },
  tree_k: { shape: 'tree', on: 'TABLE_heir', ddl: 'drop function CHECK(boolean) cascade', says: missing },
  tree_root_x: { shape: 'tree', op: 'x', ddl: off, says: missing },
};
/** The table of the set that the loss is one of. */
const lossy = (table: string, { shape, on = 'TABLE' }: PartLoss): string =>
  shape === 'tree' ? on.replace('TABLE', table) : table;

const setOf = (table: string, { shape }: PartLoss): string[] =>
  shape === 'tree' ? [table, `${table}_heir`] : [table];

async function faultsOf({ provider, name }: Pair): Promise<string[]> {
  return (await checkProvider(provider, name.queue)).faults
    .filter(({ isFault, object }) => isFault && object.startsWith('table'))
    .map(({ object, what }) => `${object}: ${what}`);
}

describe.each(['oldest', 'newest'] as const)('%s server', (which) => {
  test('each is reported, of the table that it is one of and of no other, and adding it again mends it', async () => {
    const pair = await createPair(which, which);
    const { provider, providerSettings, name } = pair;
    const all = Object.entries(losses);
    const set = all.flatMap(([table, loss]) => setOf(table, loss));
    for (const [table, { shape }] of all) await provider.execute(shapes[shape].replaceAll('TABLE', table));
    await addProviderTables(provider, name.queue, set, { capture: 'row' });
    await using writer = await open(providerSettings);
    const write = async (table: string): Promise<void> => {
      for (const isolation of ['read committed', 'serializable'])
        await writer.execute(
          `begin isolation level ${isolation}; insert into ${table} values (2, 'x'), (200, 'y'); update ${table} set v = 'z', id = 201 - id;
           delete from ${table} where id = 1; savepoint s; truncate ${table}; rollback to s; delete from ${table}; commit`,
        );
    };
    for (const [table] of all) await write(table);
    expect(await faultsOf(pair)).toEqual([]);

    for (const [table, loss] of all) {
      const on = (loss.on ?? 'TABLE').replace('TABLE', table);
      await provider.execute(await lossOf(provider, on, loss, loss.op));
    }
    for (const [table] of all) await write(table);
    const wanted = all.map(
      ([table, loss]) => `table public.${lossy(table, loss)}: ${loss.says}, changes may be lost`,
    );
    expect((await faultsOf(pair)).sort()).toEqual(wanted.sort());
    await removeProviderTables(provider, name.queue, set);
    await addProviderTables(provider, name.queue, set, { capture: 'row' });
    for (const [table] of all) await write(table);
    expect(await faultsOf(pair)).toEqual([]);
  });
});
