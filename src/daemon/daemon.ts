import { Bell } from '../kernel/clock.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { keepHeapSmall } from '../kernel/garbage.js';
import type { Log } from '../kernel/log.js';
import { explain } from '../kernel/service.js';
import { armFromText } from '../kernel/tap.js';
import { isInBackground, StartReport, startInBackground } from './daemonize.js';
import { acquirePidfile } from './pidfile.js';
import type { DaemonContext } from './replay.js';
import { handleSignals } from './signals.js';

export interface DaemonOptions {
  readonly jobName: string;
  readonly pidfile: string | undefined;
  readonly logfile: string | undefined;
  /** Whether `-d` was given. */
  readonly background: boolean;
  readonly environment: NodeJS.ProcessEnv;
  /** Makes the log, once it is certain that this process is the daemon. */
  readonly openLog: () => Log & { reopen(): void };
}

/**
 * Runs `work` as a daemon: in the background when asked for, holding the pid file, ending by signals. Returns when it has
 * been stopped, or at once in the process that only started it.
 */
export async function runAsDaemon(
  options: DaemonOptions,
  work: (context: DaemonContext) => Promise<void>,
): Promise<void> {
  const { background, environment, pidfile, logfile } = options;
  if (background && !isInBackground(environment)) {
    if (pidfile === undefined) {
      throw new LondisteError('refused', 'a daemon needs a pidfile', {
        hint: 'set pidfile in the configuration, or leave -d out',
      });
    }
    if (logfile === undefined)
      tellStarter('there is no logfile in the configuration, so nobody will read its log');
    if ((await startInBackground()) === 'trying') {
      tellStarter(`it runs, but does not serve yet, and goes on trying; see ${logfile ?? 'the server'}`);
    }
    return;
  }
  const report = new StartReport(environment);
  try {
    await serve(options, report, work);
  } catch (thrown) {
    const error = asLondisteError(thrown);
    report.failed(error);
    throw error;
  }
}

function tellStarter(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

async function serve(
  { jobName, pidfile, environment, openLog }: DaemonOptions,
  report: StartReport,
  work: (context: DaemonContext) => Promise<void>,
): Promise<void> {
  const held = pidfile === undefined ? undefined : acquirePidfile(pidfile);
  try {
    const log = openLog();
    if (held?.stale !== undefined)
      log.warn(`ignoring stale pidfile ${pidfile ?? ''}, which names process ${held.stale}`);
    const stop = new AbortController();
    const reloaded = new Bell();
    handleSignals({
      stop: () => {
        log.info('got SIGINT, stopping after what is under way');
        stop.abort();
      },
      kill: () => {
        log.info('stopping at once');
        held?.release();
        process.exit(0);
      },
      reopenLog: () => {
        log.reopen();
        reloaded.ring();
        log.info('got SIGHUP, log file opened anew');
      },
      crash: (thrown) => {
        const error = asLondisteError(thrown);
        log.fatal(explain(error), `${jobName} crashed: ${error.message}`);
        report.failed(error);
        held?.release();
        process.exit(1);
      },
    });
    const taps = environment['LONDISTE_TAP'];
    if (taps !== undefined)
      armFromText(taps, (line) => {
        log.info(line);
      });
    keepHeapSmall();
    log.info(`${jobName} starts`);
    try {
      await work({
        log,
        stop: stop.signal,
        reloaded,
        ready: () => {
          report.ready();
        },
      });
      log.info(`${jobName} has stopped`);
    } catch (thrown) {
      const error = asLondisteError(thrown);
      log.fatal(explain(error), `${jobName} ends: ${error.message}`);
      throw error;
    }
  } finally {
    held?.release();
  }
}
