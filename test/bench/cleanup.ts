/** What this run has taken (processes, servers, folders), to be given back in reverse, also on Ctrl-C. */
type Release = () => Promise<void> | void;

const taken: Release[] = [];

/** Remembers how to give something back; the function that is returned does it now, once. */
export function onExit(release: Release): () => Promise<void> {
  taken.push(release);
  return async () => {
    const at = taken.indexOf(release);
    if (at < 0) return;
    taken.splice(at, 1);
    await release();
  };
}

/** Gives back all that is still taken, the last first; one that fails does not keep the others. */
export async function releaseAll(): Promise<void> {
  for (let release = taken.pop(); release; release = taken.pop()) {
    try {
      await release();
    } catch (error) {
      console.error('while cleaning up:', error);
    }
  }
}

let ending = false;

/** Ctrl-C, TERM and HUP end the run with nothing left behind. npm hands a signal on that we got already: once is enough. */
export function cleanUpOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      console.error(`\n${signal}: stopping daemons and servers`);
      void releaseAll().then(() => process.exit(130));
    });
  }
  process.on('unhandledRejection', (error) => {
    // While we end, whoever waited for a server fails, and nobody need know.
    if (ending) return;
    ending = true;
    console.error(error);
    void releaseAll().then(() => process.exit(1));
  });
}

/** To be awaited before something is started or said: never returns once a signal ends the run. */
export function unlessEnding(): Promise<void> {
  return ending ? new Promise(() => undefined) : Promise.resolve();
}
