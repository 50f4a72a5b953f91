/** What a daemon does when it is asked to end, or to open its log anew, and when something was thrown that nobody caught. */
export interface SignalActions {
  /** Finish what is under way, then end. */
  readonly stop: () => void;
  /** End now; the servers roll back. */
  readonly kill: () => void;
  readonly reopenLog: () => void;
  /** Log it and end with a failure, so that a supervisor starts us anew: who knows what state we are in. */
  readonly crash: (thrown: unknown) => void;
}

/** A second SIGINT within this time of the last one means that finishing takes too long, in milliseconds. */
const impatientMs = 1_000;

/** SIGINT stops, SIGTERM or a second SIGINT kills, SIGHUP reopens the log: the signals of Skytools' daemons. */
export function handleSignals({ stop, kill, reopenLog, crash }: SignalActions): void {
  let lastInterrupt = -Infinity;
  process.on('SIGINT', () => {
    const isImpatient = Date.now() - lastInterrupt < impatientMs;
    lastInterrupt = Date.now();
    if (isImpatient) kill();
    else stop();
  });
  process.on('SIGTERM', kill);
  process.on('SIGHUP', reopenLog);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}
