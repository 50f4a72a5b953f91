import type { Session } from '../db/session.js';

/** A step of maintenance: a function to call, with an argument where there is one, or `vacuum` and a table. */
export interface MaintOperation {
  readonly functionName: string;
  readonly argument: string | null;
}

/** What maintenance has to do now, in order; each step is a transaction of its own. */
export async function maintOperations(session: Session): Promise<MaintOperation[]> {
  return session.query<MaintOperation>(
    'select func_name as "functionName", func_arg as argument from pgq.maint_operations()',
  );
}

/** Moves a few events whose time has come back into their queues; returns how many, 0 when none is left. */
export async function maintRetryEvents(session: Session): Promise<number> {
  return (await session.one<{ moved: number }>('select pgq.maint_retry_events() as moved')).moved;
}

/** First step of rotation for a queue: does nothing when it is not time or the next table is still needed. */
export async function maintRotateTablesStep1(session: Session, queue: string): Promise<void> {
  await session.query('select pgq.maint_rotate_tables_step1($1)', [queue]);
}

/** Second step of rotation, for all queues, in a transaction later than the first. */
export async function maintRotateTablesStep2(session: Session): Promise<void> {
  await session.query('select pgq.maint_rotate_tables_step2()');
}
