import { kindOf } from '../db/sqlstate.js';
import type { Session } from '../db/session.js';
import { asLondisteError, LondisteError, type ErrorKind } from '../kernel/errors.js';

/** What a handler threw: the user's own, to be told from failures of the consumer. */
export class HandlerFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('the handler failed');
  }
}

/** Another session has closed the batch that this one worked on, or was given it. */
export function lostBatch(batchId: number, queue: string, consumer: string): LondisteError {
  return new LondisteError(
    'busy',
    `batch ${batchId} of consumer ${consumer} on queue ${queue} was finished by another session, or given to one`,
    { hint: 'run each consumer once, or use CooperativeConsumer' },
  );
}

/** Failures of the consumer's own sessions that went through a handler, to be told from what a handler throws itself. */
const ours = new WeakSet<object>();

/** Waits for what a handler asks of the consumer's own sessions, and keeps in mind whose failure it is. */
export async function asOurs<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (typeof error === 'object' && error !== null) ours.add(error);
    throw error;
  }
}

export function isOurs(thrown: unknown): thrown is LondisteError | { readonly code?: string } {
  return typeof thrown === 'object' && thrown !== null && ours.has(thrown);
}

/** Failures that pass by themselves: the consumer tries again, whoever is told. */
export function passes(thrown: unknown): boolean {
  if (thrown instanceof HandlerFailure) return passesOfOurs(thrown.cause);
  return thrown instanceof LondisteError && passingKinds.has(thrown.kind);
}

/**
 * Whether what came out of a handler passes by itself. Codes of a handler's own, like the ENOENT of a file or the
 * ECONNREFUSED of another server, say nothing about the consumer's servers.
 */
export function passesOfOurs(thrown: unknown): boolean {
  return (
    isOurs(thrown) && passingKinds.has(thrown instanceof LondisteError ? thrown.kind : kindOf(thrown.code))
  );
}

const passingKinds: ReadonlySet<ErrorKind> = new Set(['unreachable', 'starting', 'busy', 'read-only']);

/** SQLSTATEs of calls into a schema that is not there, or lacks what we call. */
const missingSchema = '3F000';
const missingFunction = '42883';
/** What PgQ's functions raise. */
export const raised = 'P0001';

/** A failure of the first call into schema pgq_ext. */
export function explainTarget(target: Session, thrown: unknown): LondisteError {
  const error = asLondisteError(thrown);
  if (error.kind === 'rights') {
    const hint = 'grant pgq_reader on the target to the role that consumes';
    return new LondisteError('rights', error.message, { hint, cause: error, sqlstate: error.sqlstate });
  }
  if (error.sqlstate !== missingSchema && error.sqlstate !== missingFunction) return error;
  return new LondisteError('refused', `${target.where}: schema pgq_ext is not installed`, {
    hint: 'run on that database: pgqadm install',
    cause: error,
    sqlstate: error.sqlstate,
  });
}

/** A failure of PgQ's functions, as what is missing and what to type; looks it up where the server's word is not enough. */
export async function explainFailure(
  session: Session,
  thrown: unknown,
  { queue, consumer, registration }: { queue: string; consumer: string; registration: string },
): Promise<LondisteError> {
  const error = asLondisteError(thrown);
  // Explained already: what the driver reports has the driver's error as its cause.
  if (error.cause instanceof LondisteError) return error;
  const { where } = session;
  const refused = (message: string, hint: string): LondisteError =>
    new LondisteError('refused', `${where}: ${message}`, { hint, cause: error, sqlstate: error.sqlstate });
  const schema = /\bpgq\w*/.exec(error.message)?.[0] ?? 'pgq';
  if (error.sqlstate === missingSchema)
    return refused(`schema ${schema} is not installed`, 'run: pgqadm install');
  if (error.sqlstate === missingFunction)
    return refused(
      `schema ${schema} is older than this library, or made by another program`,
      'run: pgqadm upgrade',
    );
  if (error.kind === 'rights') {
    return new LondisteError('rights', error.message, {
      hint: 'grant pgq_reader to the role that consumes',
      cause: error,
      sqlstate: error.sqlstate,
    });
  }
  if (error.sqlstate !== raised || session.closed) return error;
  const [found] = await session.query<{ there: boolean }>(
    `select exists (select from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
        where s.sub_queue = q.queue_id and c.co_name = $2) as there
     from pgq.queue q where q.queue_name = $1`,
    [queue, consumer],
  );
  if (!found) return refused(`there is no queue ${queue}`, `run: pgqadm create ${queue}`);
  return found.there
    ? error
    : refused(`consumer ${consumer} is not registered on queue ${queue}`, registration);
}
