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
