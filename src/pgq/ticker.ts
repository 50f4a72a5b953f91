import type { Session } from '../db/session.js';

/** Ticks every queue that is due; returns how many got a tick. */
export async function ticker(session: Session): Promise<number> {
  return (await session.one<{ ticks: number }>('select pgq.ticker() as ticks')).ticks;
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
