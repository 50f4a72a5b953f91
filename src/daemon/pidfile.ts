import { closeSync, existsSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';

/** A pid file that this process holds. */
export interface HeldPidfile {
  /** The pid of an ended process that the file still named, if it did. */
  readonly stale: number | undefined;
  /** Removes the file, if it still names this process. */
  release(): void;
}

/**
 * Writes our pid into a file that no live process of ours is named in. A file that a crash left behind is taken over: it
 * must need no human. A number that has gone to a stranger since is stale as well.
 *
 * @throws LondisteError `refused` when the process that the file names is one of our programs.
 */
export function acquirePidfile(path: string): HeldPidfile {
  const stale = readPid(path);
  if (stale !== undefined) {
    if (isOurs(stale)) {
      throw new LondisteError(
        'refused',
        `pidfile ${path} names the running process ${stale}: another one is at work`,
        {
          hint: 'stop it first (the same command with -s), or give this one another pidfile',
        },
      );
    }
    unlinkSync(path);
  }
  create(path);
  return {
    stale,
    release: () => {
      if (readPid(path) === process.pid) unlinkSync(path);
    },
  };
}

/** Exclusively, so that of two that start at once one finds the file of the other. */
function create(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'wx');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === 'EEXIST'
        ? `pidfile ${path} was just made by another process`
        : `cannot write pidfile ${path}: ${message}`;
    throw new LondisteError('refused', what, {
      cause,
      hint: 'correct pidfile in the configuration, or try again',
    });
  }
  writeSync(fd, `${process.pid}\n`);
  closeSync(fd);
}

function readPid(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const pid = Number(readFileSync(path, 'utf8').trim());
  return Number.isInteger(pid) && pid > 0 ? pid : 0;
}

/** Whether a process is alive and, where the system tells, one of our programs. */
function isOurs(pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (!existsSync('/proc/self/cmdline')) return true;
  try {
    return /londiste|pgqadm/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export type DaemonSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** How long a daemon has to end after a signal, in milliseconds: to finish its batch, or at once. */
const patienceMs: Readonly<Record<Exclude<DaemonSignal, 'SIGHUP'>, number>> = {
  SIGINT: 30_000,
  SIGTERM: 10_000,
};

/**
 * Sends a signal to the daemon that a pid file names, and waits until it has ended where that is what was asked for.
 *
 * @throws LondisteError `refused` when there is no file, or the process that it names is none of ours.
 */
export async function signalDaemon({
  pidfile,
  signal,
}: {
  pidfile: string | undefined;
  signal: DaemonSignal;
}): Promise<void> {
  const hint = 'nothing to do';
  if (pidfile === undefined)
    throw new LondisteError('refused', 'no pidfile in the configuration, so no daemon to signal', {
      hint: 'set pidfile',
    });
  const pid = readPid(pidfile);
  if (pid === undefined)
    throw new LondisteError('refused', `pidfile ${pidfile} does not exist: no daemon is running`, { hint });
  if (!isOurs(pid))
    throw new LondisteError('refused', `pidfile ${pidfile} is there, but process ${pid} is not running`, {
      hint,
    });
  process.kill(pid, signal);
  if (signal === 'SIGHUP') return;
  for (let waited = 0; waited < patienceMs[signal]; waited += 50) {
    if (!isAlive(pid)) return;
    await sleep(50);
  }
  throw new LondisteError(
    'refused',
    `process ${pid} has not ended ${patienceMs[signal] / 1000} seconds after ${signal}`,
    {
      hint: 'look into its log; -k stops it without finishing the batch',
    },
  );
}
