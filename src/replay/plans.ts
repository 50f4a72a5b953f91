import { quoteLiteral } from '../db/identifiers.js';
import type { Session } from '../db/session.js';

/** Sets are looked up by key. Without statistics the planner takes a whole scan for the cheaper way, for each chunk. */
export const lookingUp: Readonly<Record<string, string>> = {
  enable_seqscan: 'off',
  enable_nestloop: 'on',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
};

/** Rows without a key are found by their text: every one of the table is read, once, and nothing is read again for each. */
const readingThrough: typeof lookingUp = {
  ...lookingUp,
  enable_seqscan: 'on',
  enable_nestloop: 'off',
  enable_hashjoin: 'on',
};

/** Whole tables are compared, of which there are statistics, and that takes as long as it takes. */
const free: typeof lookingUp = {
  enable_seqscan: 'on',
  enable_nestloop: 'on',
  enable_hashjoin: 'on',
  enable_mergejoin: 'on',
  statement_timeout: '0',
};

/** Runs statements, inside a transaction, that read a table through. */
export async function whileReadingThrough<T>(subscriber: Session, work: () => Promise<T>): Promise<T> {
  return await whileSet(subscriber, readingThrough, work);
}

/** Runs statements, inside a transaction, whose plans are the planner's own. */
export async function whilePlanningFreely<T>(subscriber: Session, work: () => Promise<T>): Promise<T> {
  const { timeout } = await subscriber.one<{ timeout: string }>(
    `select current_setting('statement_timeout') as timeout`,
  );
  const result = await whileSet(subscriber, free, work);
  await set(subscriber, { statement_timeout: quoteLiteral(timeout) });
  return result;
}

async function whileSet<T>(
  subscriber: Session,
  settings: typeof lookingUp,
  work: () => Promise<T>,
): Promise<T> {
  await set(subscriber, settings);
  const result = await work();
  // After a failure the transaction takes them back, or the savepoint that it fails in.
  await set(subscriber, lookingUp);
  return result;
}

async function set(subscriber: Session, settings: typeof lookingUp): Promise<void> {
  const statements = Object.entries(settings).map(([name, value]) => `set local ${name} = ${value}`);
  await subscriber.execute(statements.join('; '));
}
