import type { Session } from '../db/session.js';
import type { SubscriptionName } from './subscription-name.js';

/** How something that a copy has dropped is made again: an index, or a constraint that owns one. */
export interface Definition {
  readonly kind: 'index' | 'constraint';
  /** For what is in a partition that of its index, with the schema. */
  readonly name: string;
  /** The statement that creates its index; undefined where only its constraint does. */
  readonly createIndex: string | undefined;
  readonly addConstraint: string | undefined;
  /** What can be run again. */
  readonly finish: readonly string[];
  readonly tablespace: string | undefined;
}

/** What a copy has dropped and not built again. */
export interface MissingDefinition extends Definition {
  readonly table: string;
  /** For readers. */
  readonly definition: string;
  readonly isKey: boolean;
  readonly isConstraining: boolean;
  readonly hasIndex: boolean;
  /** Whether its index, and constraint, are there, whoever has made them. */
  readonly isThere: boolean;
  /** The index of a partitioned table that it is part of; its own where it is of none. */
  readonly family: string;
}

interface DefinitionRow {
  readonly kind: 'index' | 'constraint';
  readonly name: string;
  readonly create_index: string | null;
  readonly add_constraint: string | null;
  readonly finish: string[];
  readonly tablespace: string | null;
}

function toDefinition(row: DefinitionRow): Definition {
  const { kind, name, finish } = row;
  return {
    kind,
    name,
    createIndex: row.create_index ?? undefined,
    addConstraint: row.add_constraint ?? undefined,
    finish,
    tablespace: row.tablespace ?? undefined,
  };
}

/** Takes the indexes off a table for the rest of the transaction, which makes them again in the order in which they are returned. */
export async function takeOffIndexes(session: Session, table: string): Promise<Definition[]> {
  const rows = await session.query<DefinitionRow>('select * from londiste.take_off_indexes($1)', [table]);
  return rows.map(toDefinition);
}

/**
 * What copies have dropped and not built again, the key first, and what is in partitions before the whole: of one table, or of all
 * that this subscription ever had.
 */
export async function missingDefinitions(
  session: Session,
  { queue, consumer }: SubscriptionName,
  table?: string,
): Promise<MissingDefinition[]> {
  const rows = await session.query<
    DefinitionRow & {
      table_name: string;
      definition: string;
      is_key: boolean;
      is_constraining: boolean;
      has_index: boolean;
      is_there: boolean;
      family: string;
    }
  >('select * from londiste.missing_definitions($1, $2, $3)', [queue, consumer, table ?? null]);
  return rows.map((row) => ({
    ...toDefinition(row),
    table: row.table_name,
    definition: row.definition,
    isKey: row.is_key,
    isConstraining: row.is_constraining,
    hasIndex: row.has_index,
    isThere: row.is_there,
    family: row.family,
  }));
}

/** Records that something which a copy has dropped is there again. */
export async function definitionBuilt(
  session: Session,
  { queue, consumer }: SubscriptionName,
  { table, kind, name }: Pick<MissingDefinition, 'table' | 'kind' | 'name'>,
): Promise<void> {
  await session.query('select londiste.definition_built($1, $2, $3, $4, $5)', [
    queue,
    consumer,
    table,
    kind,
    name,
  ]);
}
