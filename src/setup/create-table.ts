import { parseName, quoteIdent } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { sameName, type Destination } from '../londiste/destination.js';
import type { ProviderTable } from '../londiste/provider.js';
import { createStatements, defineTable, type TableDefinition } from '../londiste/table-definition.js';
import { describeTable } from '../londiste/table-shape.js';
import { dumpTables, type ProgramConnection } from './pg-dump.js';

/** How a table that is missing on the subscriber is made there: by what replication needs, or all of it with pg_dump. */
export type Creation =
  { readonly kind: 'plain' } | { readonly kind: 'full'; readonly from: ProgramConnection };

/**
 * Makes a table on the subscriber as it is on the provider, in the open transaction, with its schema and the sequences that
 * its defaults draw from. False when it is there already, or not on the provider.
 */
export async function createTable(
  { provider, subscriber }: { provider: Session; subscriber: Session },
  { name, keyColumns }: ProviderTable,
  destination: Destination,
  creation: Creation,
): Promise<boolean> {
  if (await describeTable(subscriber, destination.table)) return false;
  const whole = await defineTable(provider, name, keyColumns);
  if (whole === undefined) return false;
  const definition = await withoutSequencesThere(subscriber, whole);
  const statements =
    creation.kind === 'plain'
      ? createStatements(definition, { name, keyColumns, destination, major: subscriber.major })
      : await fullStatements(provider, { name, definition, destination, from: creation.from });
  try {
    await createSchema(subscriber, destination.table);
    for (const statement of statements) await subscriber.execute(statement);
  } catch (thrown) {
    const { message } = asLondisteError(thrown);
    throw new LondisteError('refused', `table ${name} cannot be created on the subscriber: ${message}`, {
      cause: thrown,
      hint: `create there what it needs first (types, functions, roles), or the table by hand`,
    });
  }
  return true;
}

async function withoutSequencesThere(
  subscriber: Session,
  definition: TableDefinition,
): Promise<TableDefinition> {
  const there = await subscriber.query<{ name: string }>(
    'select n as name from unnest($1::text[]) as n where to_regclass(n) is not null',
    [definition.sequences.map(({ name }) => name)],
  );
  const names = new Set(there.map(({ name }) => name));
  return { ...definition, sequences: definition.sequences.filter(({ name }) => !names.has(name)) };
}

/** What nobody may create who does not own the database need not be asked for where it is there. */
async function createSchema(subscriber: Session, table: string): Promise<void> {
  const schema = quoteIdent(parseName(table).schema);
  const { is_missing } = await subscriber.one<{ is_missing: boolean }>(
    'select to_regnamespace($1) is null as is_missing',
    [schema],
  );
  if (is_missing) await subscriber.execute(`create schema ${schema}`);
}

interface FullTable {
  readonly name: string;
  readonly definition: TableDefinition;
  readonly destination: Destination;
  readonly from: ProgramConnection;
}

/** pg_dump brings the sequences that a table owns, not others; partitions it is told one by one. */
async function fullStatements(
  provider: Session,
  { name, definition, destination, from }: FullTable,
): Promise<string[]> {
  const same = sameName(name);
  if (destination.table !== same.table || destination.columns !== undefined) {
    throw new LondisteError(
      'usage',
      '--create-full makes a table as it is, without --dest-table and --columns',
      {
        hint: 'use --create, or create the table by hand',
      },
    );
  }
  const parts = await provider.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_partition_tree($1::regclass) t join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace`,
    [name],
  );
  const ours = await provider.query<{ oid: number }>(
    `select t.oid from pg_trigger t join pg_proc f on f.oid = t.tgfoid
      where f.pronamespace in (to_regnamespace('londiste'), to_regnamespace('pgq'))`,
  );
  const tables = parts.length === 0 ? [name] : parts.map((part) => part.name);
  const dump = await dumpTables({
    from,
    major: provider.major,
    tables,
    without: new Set(ours.map(({ oid }) => oid)),
  });
  const drawn = definition.sequences.filter(({ owner }) => owner === null);
  return [
    ...drawn.map(({ name: sequence, type, options }) => `create sequence ${sequence} as ${type} ${options}`),
    'set local check_function_bodies = off',
    dump,
  ];
}
