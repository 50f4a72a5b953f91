import type { Session } from '../db/session.js';

/** Ticks every queue that is due; returns how many got a tick. */
export async function ticker(session: Session): Promise<number> {
  return (await session.one<{ ticks: number }>('select pgq.ticker() as ticks')).ticks;
}

/** How `tickWhenDue` waits, in milliseconds. */
export interface Waiting {
  /** Before the first look. */
  readonly pauseMs: number;
  /** For how long nothing has been due: later pauses are a tenth of that. */
  readonly quietMs: number;
  /** The longest pause between two looks. */
  readonly mostMs: number;
  /** After this long it returns anyway. */
  readonly patienceMs: number;
}

/** What `tickWhenDue` has done. */
export interface Ticked {
  /** Queues that got a tick; 0 when none was due until the patience ran out. */
  readonly ticks: number;
  /** Event ids that those queues had drawn since their last ticks. */
  readonly events: number;
}

/** Waits in the server until a queue is due for a tick, and ticks what is due. The session must not be in a transaction. */
export async function tickWhenDue(
  session: Session,
  { pauseMs, quietMs, mostMs, patienceMs }: Waiting,
): Promise<Ticked> {
  const seconds = [pauseMs, quietMs, mostMs, patienceMs].map((ms) => ms / 1000);
  return session.one<{ ticks: number; events: number }>('call pgq.tick_when_due($1, $2, $3, $4)', seconds);
}

/** Ticks one queue if that is due; returns the tick's id. */
export async function tickerOf(session: Session, queue: string): Promise<number | undefined> {
  const { tick } = await session.one<{ tick: number | null }>('select pgq.ticker($1) as tick', [queue]);
  return tick ?? undefined;
}

/**
 * Makes the next run of the ticker tick this queue; returns the last tick's id, which a later one will exceed.
 * Undefined for a queue that is unknown, paused or ticked from outside.
 */
export async function forceTick(session: Session, queue: string): Promise<number | undefined> {
  const { tick } = await session.one<{ tick: number | null }>('select pgq.force_tick($1) as tick', [queue]);
  return tick ?? undefined;
}

/** The channel to LISTEN on for ticks of a queue. */
export async function tickChannel(session: Session, queue: string): Promise<string> {
  return (await session.one<{ channel: string }>('select pgq.tick_channel($1) as channel', [queue])).channel;
}

/** Says until this session ends that a ticker daemon serves its database. */
export async function announceTicker(session: Session): Promise<void> {
  await session.query('select pgq.announce_ticker()');
}

/** Whether a ticker daemon of ours is connected; others, like pgqd, are only to be known by their ticks. */
export async function tickerAlive(session: Session): Promise<boolean> {
  return (await session.one<{ alive: boolean }>('select pgq.ticker_alive() as alive')).alive;
}
