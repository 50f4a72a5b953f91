import type { Session } from '../db/session.js';

/** Milliseconds that a statement is given to end after a stop, before its connection is dropped. */
const graceMs = 500;

/** Waits for a statement, which a stop ends by dropping the session's connection; the server rolls back. */
export async function untilStopped<T>(session: Session, stop: AbortSignal, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const cut = (): void => {
    timer = setTimeout(() => session.destroy(), graceMs);
  };
  if (stop.aborted) cut();
  else stop.addEventListener('abort', cut, { once: true });
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', cut);
  }
}

/** Waits for a connection that is being opened, or for a stop, whichever comes first. @throws what `stop` was aborted with */
export async function openedUntilStopped(stop: AbortSignal, opening: Promise<Session>): Promise<Session> {
  stop.throwIfAborted();
  let cut: () => void = () => undefined;
  const stopped = new Promise<undefined>((resolve) => {
    cut = () => resolve(undefined);
    stop.addEventListener('abort', cut, { once: true });
  });
  try {
    const session = await Promise.race([opening, stopped]);
    if (session) return session;
  } finally {
    stop.removeEventListener('abort', cut);
  }
  // Nobody waits for it any more.
  void opening.then(
    (late) => late.destroy(),
    () => undefined,
  );
  throw stop.reason;
}
