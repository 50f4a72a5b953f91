import type { Session } from '../db/session.js';
import type { Log } from '../kernel/log.js';

export type OnNotice = (message: string, severity: string) => void;

/** Opens a session for a service, which hands it what to do with the server's notices and ends it itself. */
export type Connect = (onNotice: OnNotice) => Promise<Session>;

/** The same warning several times a second tells no more than once a minute. */
const sameWarningMs = 60_000;

/** Passes the server's warnings on to the log: a queue that cannot be ticked is told by one. */
export function noticesTo(log: Log): OnNotice {
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
