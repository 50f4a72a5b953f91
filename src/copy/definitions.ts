import { quoteLiteral } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import {
  definitionBuilt,
  missingDefinitions,
  type Definition,
  type MissingDefinition,
} from '../londiste/stored-definition.js';
import { together } from './together.js';
import type { Workbench } from './workbench.js';

/**
 * Builds what a copy has dropped from a table, as far as it is `wanted`: indexes over all lanes, the key's first, then, one after
 * the other since they lock the table, the constraints that own them and what else belongs to them. Each step is committed, and
 * what is there is not built again.
 *
 * @throws LondisteError that names what cannot be built, and how to give it up.
 */
export async function rebuild(
  bench: Workbench,
  table: string,
  wanted: (definition: MissingDefinition) => boolean,
): Promise<void> {
  const { subscriber, name, log } = bench;
  const missing = (await missingDefinitions(subscriber, name, table)).filter(wanted);
  if (missing.length === 0) return;
  const began = Date.now();
  const indexes = missing.filter(({ createIndex, hasIndex }) => createIndex !== undefined && !hasIndex);
  const lanes = indexes.length > 1 ? await bench.lanes() : [bench];
  const left = [...indexes];
  await together(
    lanes.map((lane) => async () => {
      for (let one = left.shift(); one; one = left.shift()) await createIndexOf(lane.subscriber, one);
    }),
    () => {
      left.length = 0;
    },
  );
  for (const definition of missing) {
    await naming(definition, giveUpOf(definition), () =>
      inTransaction(subscriber, async () => {
        await finishOne(subscriber, definition, definition.isThere);
        await definitionBuilt(subscriber, name, definition);
      }),
    );
    await tap('copy.definition-built');
  }
  log.info(
    { table, ms: Date.now() - began },
    `table ${table}: built ${missing.map((one) => `${one.kind} ${one.name}`).join(', ')}`,
  );
}

/**
 * Makes again, one after the other, what was taken off a table in this same transaction.
 *
 * @throws LondisteError that names what cannot be built.
 */
export async function buildAtOnce(session: Session, definitions: readonly Definition[]): Promise<void> {
  // A table whose deferred triggers have not fired yet is not altered.
  if (definitions.length > 0) await session.execute('set constraints all immediate');
  for (const definition of definitions) {
    await naming(definition, undefined, async () => {
      await inTablespace(session, definition);
      if (definition.createIndex !== undefined) await session.execute(definition.createIndex);
      await finishOne(session, definition, false);
    });
  }
}

async function createIndexOf(session: Session, definition: MissingDefinition): Promise<void> {
  await naming(definition, giveUpOf(definition), () =>
    // Not by itself: then the server rolls it back when we die meanwhile, and whoever follows us finds the name free.
    inTransaction(session, async () => {
      await inTablespace(session, definition);
      await session.execute(definition.createIndex ?? '');
    }),
  );
  await tap('copy.index-built');
}

/** What there is of it beside its index. */
async function finishOne(session: Session, definition: Definition, isThere: boolean): Promise<void> {
  const { addConstraint, finish } = definition;
  await inTablespace(session, definition);
  if (addConstraint !== undefined && !isThere) await session.execute(addConstraint);
  for (const statement of finish) await session.execute(statement);
}

async function inTablespace(session: Session, { tablespace }: Definition): Promise<void> {
  await session.query(`select set_config('default_tablespace', $1, true)`, [tablespace ?? '']);
}

/** How to do without it; undefined where it refuses no rows. */
function giveUpOf({ table, family, isConstraining }: MissingDefinition): string | undefined {
  if (!isConstraining) return undefined;
  return `to do without it, on the subscriber: delete from londiste.stored_definition where table_name = ${quoteLiteral(table)} and family = ${quoteLiteral(family)}`;
}

async function naming(
  { kind, name }: Definition,
  giveUp: string | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const { kind: what, sqlstate, cause, hint, key, message } = asLondisteError(thrown);
    throw new LondisteError(what, `${message} (while ${kind} ${name} was built)`, {
      sqlstate,
      cause,
      key,
      hint: giveUp !== undefined && what === 'data' ? `${hint}\n${giveUp}` : hint,
    });
  }
}
