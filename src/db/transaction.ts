import type { Session } from './session.js';

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /** Whether to wait until the commit is on disk, as the session is set to. Without, a crash may undo it as a whole. */
  readonly flush?: boolean;
}

/** Runs `work` in one transaction: commits when it returns, rolls back when it throws. */
export async function inTransaction<T>(
  session: Session,
  work: () => Promise<T>,
  { isolation = 'read committed', readOnly = false, flush = true }: TransactionOptions = {},
): Promise<T> {
  const begin = `begin isolation level ${isolation} ${readOnly ? 'read only' : 'read write'}`;
  await session.execute(flush ? begin : `${begin}; set local synchronous_commit = off`);
  try {
    const result = await work();
    await session.execute('commit');
    return result;
  } catch (error) {
    // The first error is the one to tell; a rollback fails only when the connection is gone with it.
    if (!session.closed) await session.execute('rollback').catch(() => undefined);
    throw error;
  }
}

/** Runs `work` in a savepoint of the open transaction: when it throws, what it did is undone and the transaction goes on. */
export async function inSavepoint<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.execute('savepoint londiste');
  try {
    const result = await work();
    await session.execute('release savepoint londiste');
    return result;
  } catch (error) {
    if (!session.closed) await session.execute('rollback to savepoint londiste; release savepoint londiste');
    throw error;
  }
}
