import type { Session } from '../db/session.js';

/** Events of a batch, with what stands at each one's place. */
export interface Retries {
  readonly ids: readonly number[];
  readonly seconds: readonly number[];
}

export interface Deaths {
  readonly ids: readonly number[];
  readonly reasons: readonly (string | null)[];
}

/** Puts events of an open batch aside for its consumer; `staged` ones until `releaseStaged`. */
export async function eventsRetry(
  session: Session,
  batchId: number,
  { ids, seconds }: Retries,
  staged: boolean,
): Promise<void> {
  await session.query('select pgq.events_retry($1, $2, $3)', [
    batchId,
    ids,
    staged ? seconds.map(() => null) : seconds,
  ]);
}

/** Makes dead letters of events of an open batch; of `staged` ones nobody knows until `releaseStaged`. */
export async function eventsDead(
  session: Session,
  batchId: number,
  { ids, reasons }: Deaths,
  staged: boolean,
): Promise<void> {
  await session.query('select pgq.events_dead($1, $2, $3, $4)', [batchId, ids, reasons, staged]);
}

/** Makes what was staged for an open batch count: these, or all of it. What else was staged is forgotten. */
export async function releaseStaged(
  session: Session,
  batchId: number,
  only?: { readonly retries: Retries; readonly deaths: Deaths },
): Promise<void> {
  await session.query('select pgq.release_staged($1, $2, $3, $4)', [
    batchId,
    only?.retries.ids ?? null,
    only?.retries.seconds ?? null,
    only?.deaths.ids ?? null,
  ]);
}

/** Forgets what was staged for the consumer of an open batch. */
export async function dropStaged(session: Session, batchId: number): Promise<void> {
  await session.query('select pgq.drop_staged($1)', [batchId]);
}
