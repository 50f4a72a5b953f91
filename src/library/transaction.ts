import type { PlainResult, Session } from '../db/session.js';
import { asOurs } from './failure.js';
import { untilStopped } from './stop.js';

/**
 * The transaction that a handler works in. It is begun, committed and rolled back by the consumer; savepoints are the
 * handler's own. Types and errors are those of `pg`.
 */
export interface Transaction {
  readonly query: <R extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ) => Promise<PlainResult<R>>;
}

export function transactionOf(session: Session, stop: AbortSignal): Transaction {
  return {
    query: (text, values) => asOurs(untilStopped(session, stop, session.plainQuery(text, values))),
  };
}
