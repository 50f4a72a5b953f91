/** What a daemon does when it is asked to end, or to open its log anew. */
export interface SignalActions {
  /** Finish what is under way, then end. */
  readonly stop: () => void;
  /** End now; the servers roll back. */
  readonly kill: () => void;
  readonly reopenLog: () => void;
}

/** A second SIGINT within this time of the first means that finishing takes too long, in milliseconds. */
const impatientMs = 1_000;

/** SIGINT stops, SIGTERM or a second SIGINT kills, SIGHUP reopens the log: the signals of Skytools' daemons. */
export function handleSignals({ stop, kill, reopenLog }: SignalActions): void {
  let firstInterrupt: number | undefined;
  process.on('SIGINT', () => {
    if (firstInterrupt !== undefined && Date.now() - firstInterrupt < impatientMs) kill();
    firstInterrupt ??= Date.now();
    stop();
  });
  process.on('SIGTERM', kill);
  process.on('SIGHUP', reopenLog);
}
