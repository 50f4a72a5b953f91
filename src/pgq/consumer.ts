import type { Session } from '../db/session.js';

/** Registers a consumer at the last tick, to see the events from then on; false when it is registered already. */
export async function registerConsumer(session: Session, queue: string, consumer: string): Promise<boolean> {
  const { made } = await session.one<{ made: number }>('select pgq.register_consumer($1, $2) as made', [
    queue,
    consumer,
  ]);
  return made === 1;
}

/**
 * Registers a consumer at a tick that the queue still has. One that is registered already is moved there, loses its
 * open batch, and false is returned.
 */
export async function registerConsumerAt(
  session: Session,
  queue: string,
  consumer: string,
  tickId: number,
): Promise<boolean> {
  const { made } = await session.one<{ made: number }>(
    'select pgq.register_consumer_at($1, $2, $3) as made',
    [queue, consumer, tickId],
  );
  return made === 1;
}

/** Takes a consumer, and subconsumers that share its registration, from a queue; returns how many went. */
export async function unregisterConsumer(session: Session, queue: string, consumer: string): Promise<number> {
  const { gone } = await session.one<{ gone: number }>('select pgq.unregister_consumer($1, $2) as gone', [
    queue,
    consumer,
  ]);
  return gone;
}

/** How far a consumer is. Lags are seconds. */
export interface ConsumerInfo {
  readonly queueName: string;
  readonly consumerName: string;
  /** Age of the last tick that was processed. */
  readonly lag: number | null;
  /** Since the consumer last took or finished a batch. */
  readonly lastSeen: number;
  readonly lastTick: number;
  readonly currentBatch: number | null;
  readonly nextTick: number | null;
  /** Events of the queue since its last tick, by anybody: an upper bound. */
  readonly pendingEvents: number | null;
}

/** One consumer of one queue, or undefined when it is not registered. */
export async function getConsumerInfo(
  session: Session,
  queue: string,
  consumer: string,
): Promise<ConsumerInfo | undefined> {
  return (await selectConsumerInfo(session, queue, consumer))[0];
}

/** The consumers of a queue, or of all queues. */
export async function listConsumerInfo(session: Session, queue?: string): Promise<ConsumerInfo[]> {
  return selectConsumerInfo(session, queue ?? null, null);
}

async function selectConsumerInfo(
  session: Session,
  queue: string | null,
  consumer: string | null,
): Promise<ConsumerInfo[]> {
  return session.query<ConsumerInfo>(
    `select queue_name as "queueName", consumer_name as "consumerName",
       extract(epoch from lag)::float8 as lag, extract(epoch from last_seen)::float8 as "lastSeen",
       last_tick as "lastTick", current_batch as "currentBatch", next_tick as "nextTick",
       pending_events as "pendingEvents"
     from pgq.get_consumer_info($1, $2)`,
    [queue, consumer],
  );
}

/** A consumer that nobody runs, and that therefore keeps its queue from being rotated. Times are seconds. */
export interface StaleConsumer {
  readonly queueName: string;
  readonly consumerName: string;
  /** Since it last took or finished a batch. */
  readonly lastSeen: number;
  /** For how long its next batch has been there. */
  readonly waiting: number;
  readonly pendingEvents: number | null;
  /** After how long maintenance unregisters it, as the server prints it; null: never. */
  readonly dropAfter: string | null;
}

/** The consumers that could have taken a batch for so many seconds, and have not moved. */
export async function getStaleConsumers(session: Session, seconds: number): Promise<StaleConsumer[]> {
  return session.query<StaleConsumer>(
    `select queue_name as "queueName", consumer_name as "consumerName",
       extract(epoch from last_seen)::float8 as "lastSeen", extract(epoch from waiting)::float8 as waiting,
       pending_events as "pendingEvents", drop_after::text as "dropAfter"
     from pgq.get_stale_consumers(make_interval(secs => $1))`,
    [seconds],
  );
}

/**
 * Moves a consumer forward to a tick: for one that keeps its position elsewhere and needs no open batch. Not flushed,
 * so that after a crash of the server it may stand further back again. False when it stands there already.
 */
export async function advanceConsumer(
  session: Session,
  queue: string,
  consumer: string,
  tickId: number,
): Promise<boolean> {
  const { moved } = await session.one<{ moved: number }>('select pgq.advance_consumer($1, $2, $3) as moved', [
    queue,
    consumer,
    tickId,
  ]);
  return moved === 1;
}
