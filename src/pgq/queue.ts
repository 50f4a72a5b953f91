import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';

/** Makes a queue with its tables and its first tick; false when it exists already. */
export async function createQueue(session: Session, queue: string): Promise<boolean> {
  const { made } = await session.one<{ made: number }>('select pgq.create_queue($1) as made', [queue]);
  return made === 1;
}

/** Drops a queue with its events; `force` unregisters its consumers first. Fails when there is no such queue. */
export async function dropQueue(
  session: Session,
  queue: string,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  await session.query('select pgq.drop_queue($1, $2)', [queue, force]);
}

/** The parameters of a queue that may be set, as `pgq.set_queue_config` names them; the last two are not of PgQ. */
export const queueParameters = [
  'ticker_max_count',
  'ticker_max_lag',
  'ticker_idle_period',
  'ticker_paused',
  'rotation_period',
  'external_ticker',
  'consumer_drop_after',
  'ticks_kept',
] as const;

export type QueueParameter = (typeof queueParameters)[number];

/**
 * Sets a parameter to a value in the server's own notation, like `30 seconds`.
 *
 * @throws LondisteError `usage` when the server cannot read the value.
 */
export async function setQueueConfig(
  session: Session,
  queue: string,
  parameter: QueueParameter,
  value: string,
): Promise<void> {
  try {
    await session.query('select pgq.set_queue_config($1, $2, $3)', [queue, parameter, value]);
  } catch (cause) {
    if (!(cause instanceof LondisteError) || cause.kind !== 'data') throw cause;
    throw new LondisteError('usage', `bad value for ${parameter}: ${value}`, {
      cause,
      hint: 'write a number, an interval like 30 seconds, or true or false',
    });
  }
}

/** What `pgq.get_queue_info` tells of a queue. Periods are the server's text, lags are seconds. */
export interface QueueInfo {
  readonly queueName: string;
  readonly tables: number;
  readonly currentTable: number;
  readonly rotationPeriod: string;
  readonly externalTicker: boolean;
  readonly tickerPaused: boolean;
  readonly tickerMaxCount: number;
  readonly tickerMaxLag: string;
  readonly tickerIdlePeriod: string;
  /** Seconds since the last tick; null before the first one. */
  readonly tickerLag: number | null;
  readonly eventsPerSecond: number | null;
  /** Events since the last tick, counting those that were rolled back. */
  readonly newEvents: number | null;
  readonly lastTickId: number | null;
}

/** One queue, or undefined when there is none of that name. */
export async function getQueueInfo(session: Session, queue: string): Promise<QueueInfo | undefined> {
  return (await selectQueueInfo(session, queue))[0];
}

/** Every queue of the database, by name. */
export async function listQueueInfo(session: Session): Promise<QueueInfo[]> {
  return selectQueueInfo(session, null);
}

async function selectQueueInfo(session: Session, queue: string | null): Promise<QueueInfo[]> {
  return session.query<QueueInfo>(
    `select queue_name as "queueName", queue_ntables as tables, queue_cur_table as "currentTable",
       queue_rotation_period::text as "rotationPeriod", queue_external_ticker as "externalTicker",
       queue_ticker_paused as "tickerPaused", queue_ticker_max_count as "tickerMaxCount",
       queue_ticker_max_lag::text as "tickerMaxLag", queue_ticker_idle_period::text as "tickerIdlePeriod",
       extract(epoch from ticker_lag)::float8 as "tickerLag", ev_per_sec as "eventsPerSecond",
       ev_new as "newEvents", last_tick_id as "lastTickId"
     from pgq.get_queue_info($1)`,
    [queue],
  );
}

/** What a queue is set to beyond what PgQ knows. */
export interface OwnSettings {
  /** After how long a consumer that nobody runs is unregistered, as the server prints it; null: never. */
  readonly consumerDropAfter: string | null;
  /** How many ticks that every consumer has passed are kept one by one. */
  readonly ticksKept: number;
}

/** The settings of every queue by its name, and whether nobody has set any of them. */
export async function ownSettings(
  session: Session,
): Promise<Map<string, OwnSettings & { readonly isDefault: boolean }>> {
  const rows = await session.query<OwnSettings & { name: string; isDefault: boolean }>(
    `select queue_name as name, consumer_drop_after::text as "consumerDropAfter", ticks_kept as "ticksKept",
       is_default as "isDefault"
     from pgq.own_setting`,
  );
  return new Map(rows.map(({ name, ...settings }) => [name, settings]));
}

/** A queue that could not be ticked when that was last tried. */
export interface TickerError {
  readonly queueName: string;
  readonly since: string;
  readonly sqlstate: string;
  readonly message: string;
}

export async function tickerErrors(session: Session): Promise<TickerError[]> {
  return session.query<TickerError>(
    `select q.queue_name as "queueName", date_trunc('second', e.since)::text as since, e.sqlstate, e.message
     from pgq.ticker_error e join pgq.queue q on q.queue_id = e.queue_id order by 1`,
  );
}
