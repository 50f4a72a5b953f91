import type { Session } from '../db/session.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import type { SubscribedTable } from '../londiste/table-state.js';
import type { Ends } from './ends.js';

/**
 * A condition on the rows of a table as both servers understand it, with every name qualified. It is looked at on both sides, and
 * nothing is changed there.
 *
 * @throws LondisteError `refused` when it is none: a column that is not there, a syntax error, several statements, functions
 * that are not immutable.
 */
export async function checkCondition(
  { provider, subscriber }: Ends,
  { name, destination }: SubscribedTable,
  condition: string,
): Promise<string> {
  const kept = await checkOn(provider, { side: 'provider', table: name, condition });
  // Not what is kept of it here: the same function may have a column's cast in it that the other server does without.
  await checkOn(subscriber, { side: 'subscriber', table: destination.table, condition: kept });
  return kept;
}

async function checkOn(
  session: Session,
  { side, table, condition }: { side: string; table: string; condition: string },
): Promise<string> {
  try {
    // With a parameter the server takes one statement and no more, whatever the text closes or comments out.
    await session.query(`select from ${table} where $1 and (${condition}\n) limit 0`, [false]);
    // Makes an index that takes such rows, of a table of its own, and drops both.
    const { kept } = await session.one<{ kept: string | null }>(
      'select londiste.check_filter($1::text::regclass, $1::text, $2) as kept',
      [table, condition],
    );
    // It keeps nothing of one that is always true.
    return kept ?? 'true';
  } catch (thrown) {
    // What the server says of a value is kept out of messages; here it was typed by whoever reads this.
    const { message, cause } = asLondisteError(thrown);
    const said = cause instanceof Error ? cause.message : message;
    throw new LondisteError('refused', `--where ${condition}: on the ${side}, ${said}`, {
      cause: thrown,
      hint: `give a condition of immutable functions over columns that table ${table} has on both sides`,
    });
  }
}
