import type { Session } from '../db/session.js';
import type { Log } from '../kernel/log.js';
import type { ServiceFrame } from '../kernel/service.js';

export type OnNotice = (message: string, severity: string) => void;

/** Opens a session for a service, which hands it what to do with the server's notices and ends it itself. */
export type Connect = (onNotice: OnNotice) => Promise<Session>;

/** How long a service keeps a connection, and what it does when it loses one. */
export interface ConnectionCare {
  /** Milliseconds after which a connection is made anew; 0 is never. */
  readonly lifetimeMs?: number;
  readonly frame?: Pick<ServiceFrame, 'report' | 'onHealthy'>;
  /** What the ticker looks at, over its own connection, every so many milliseconds. */
  readonly check?: { readonly everyMs: number; look(session: Session): Promise<void> };
}

/** How old a connection has become. */
export class Age {
  readonly #ends: number;

  constructor(lifetimeMs = 0) {
    this.#ends = lifetimeMs === 0 ? Infinity : performance.now() + lifetimeMs;
  }

  get isOver(): boolean {
    return performance.now() >= this.#ends;
  }
}

/** Milliseconds that a statement is given to end when its service stops; it may wait for a lock, or be a long vacuum. */
const graceMs = 500;

/** A session whose connection is dropped when it keeps its service from stopping. The caller ends it. */
export async function openUntil(stop: AbortSignal, connect: Connect, log: Log): Promise<Session> {
  const session = await connect(noticesTo(log));
  const cut = (): void => {
    setTimeout(() => {
      if (!session.closed) session.destroy();
    }, graceMs).unref();
  };
  stop.addEventListener('abort', cut, { once: true });
  session.onClosed(() => {
    stop.removeEventListener('abort', cut);
  });
  if (stop.aborted) cut();
  return session;
}

/** The same warning several times a second tells no more than once a minute. */
const sameWarningMs = 60_000;

/** Passes the server's warnings on to the log: a queue that cannot be ticked is told by one. */
function noticesTo(log: Log): OnNotice {
  const lastTold = new Map<string, number>();
  return (message, severity) => {
    if (severity !== 'WARNING') {
      log.debug(message);
      return;
    }
    const now = Date.now();
    if (now - (lastTold.get(message) ?? -Infinity) < sameWarningMs) return;
    // Messages hold xids and so differ for ever; forgetting them all costs a repeated line.
    if (lastTold.size > 1000) lastTold.clear();
    lastTold.set(message, now);
    log.warn(message);
  };
}
