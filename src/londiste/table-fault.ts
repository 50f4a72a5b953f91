import { listed, quoteIdent } from '../db/identifiers.js';
import { uniqueOver, type TableShape } from './table-shape.js';

/** Something that keeps a table or sequence from being replicated, and what mends it. */
export interface Fault {
  readonly what: string;
  readonly fix: string;
}

/** Undefined when the subscriber's table has a unique index over the key that the provider has registered, or needs none. */
export function keyFault(table: string, shape: TableShape, keyColumns: readonly string[]): Fault | undefined {
  if (keyColumns.length === 0 || uniqueOver(shape, keyColumns)) return undefined;
  const columns = listed(keyColumns);
  return {
    what: `table ${table} has no primary key or unique index over (${columns}) on the subscriber`,
    fix: `ALTER TABLE ${table} ${addKey(shape, keyColumns)}`,
  };
}

/** Where other columns are the primary key a second one would be refused; an index does as well, over columns that are NOT NULL. */
function addKey({ has_primary_key, columns }: TableShape, keyColumns: readonly string[]): string {
  if (!has_primary_key) return `ADD PRIMARY KEY (${listed(keyColumns)})`;
  const filled = columns.filter((column) => column.not_null).map(({ name }) => name);
  const nullable = keyColumns.filter((name) => !filled.includes(name));
  return [
    ...nullable.map((name) => `ALTER COLUMN ${quoteIdent(name)} SET NOT NULL`),
    `ADD UNIQUE (${listed(keyColumns)})`,
  ].join(', ');
}

/** Rules that do something else with a replayed row: it would be written elsewhere, or nowhere, with every count right. */
export function ruleFault(table: string, { diverting }: TableShape): Fault | undefined {
  if (diverting.length === 0) return undefined;
  return {
    what: `table ${table} has rules on the subscriber (${diverting.join(', ')}) that do something else with replayed rows`,
    fix: `ALTER TABLE ${table} ENABLE RULE ..., so that they act for others only, or drop them`,
  };
}

/** Triggers and rules that somebody has enabled for replayed rows: where it is meant nothing is wrong, else the two sides drift apart. */
export function actingNote(table: string, { acting }: TableShape): Fault | undefined {
  if (acting.length === 0) return undefined;
  return {
    what: `table ${table} has triggers or rules on the subscriber (${acting.join(', ')}) that may act on replayed rows too: ENABLE ALWAYS or REPLICA`,
    fix: `nothing, where that is meant; else ALTER TABLE ${table} ENABLE TRIGGER ... (or RULE ...), so that they act for others only`,
  };
}

/** Ordinary triggers, foreign keys among them, would fire for replayed rows unless the role may see to it that they do not. */
export function triggerFault(
  table: string,
  { triggers }: TableShape,
  firesTriggers: boolean,
): Fault | undefined {
  if (triggers.length === 0 || !firesTriggers) return undefined;
  return {
    what: `table ${table} has triggers, rules or foreign keys on the subscriber (${triggers.join(', ')}), which the role of subscriber_db may not keep from firing`,
    fix: 'GRANT SET ON PARAMETER session_replication_role TO that role (PostgreSQL 15 and later), or disable or drop them',
  };
}
