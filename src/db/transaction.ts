import type { Session } from './session.js';

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
}

/** Runs `work` in one transaction: commits when it returns, rolls back when it throws. */
export async function inTransaction<T>(
  session: Session,
  work: () => Promise<T>,
  { isolation = 'read committed', readOnly = false }: TransactionOptions = {},
): Promise<T> {
  await session.execute(`begin isolation level ${isolation} ${readOnly ? 'read only' : 'read write'}`);
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
