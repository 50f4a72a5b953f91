import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { isAlive, isOurs } from './process-probe.js';

/** A pid file that this process holds. */
export interface HeldPidfile {
  /** The pid of an ended process that the file still named, if it did; 0 when it named none. */
  readonly stale: number | undefined;
  /** Removes the file, if it still names this process. */
  release(): void;
}

/** What a process leaves half done when it dies within the few microseconds of a step here is garbage after this time, in milliseconds. */
const halfDoneMs = 2_000;

/**
 * Writes our pid into a file that no live process of ours is named in. A file that a crash left behind is taken over: it
 * must need no human. A number that has gone to a stranger since is stale as well.
 *
 * @throws LondisteError `refused` when the process that the file names is one of our programs.
 */
export function acquirePidfile(path: string): HeldPidfile {
  const stale = create(path) ? undefined : takeOver(path);
  return {
    stale,
    release: () => {
      if (readPid(path) === process.pid) rmSync(path, { force: true });
    },
  };
}

/**
 * Replaces a stale file by ours and returns the pid that it named. Two processes may read the same stale pid, and the
 * slower one must not remove the file that the faster one has made since: so only who holds the guard removes it.
 */
function takeOver(path: string): number | undefined {
  const guard = `${path}.takeover`;
  if (isHalfDone(guard) === false) rmSync(guard, { force: true });
  if (!create(guard)) throw refusal(`pidfile ${path} is just being taken over by another process`);
  try {
    const named = readPid(path);
    if (named === 0 && isHalfDone(path)) {
      throw refusal(`pidfile ${path} is just being written by another process`);
    }
    if (named !== undefined && isOurs(named)) {
      throw refusal(`pidfile ${path} names the running process ${named}: another one is at work`);
    }
    rmSync(path, { force: true });
    if (!create(path)) throw refusal(`pidfile ${path} was just made by another process`);
    return named;
  } finally {
    rmSync(guard, { force: true });
  }
}

/** Makes the file with our pid in it; false when there is one already. */
function create(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new LondisteError('refused', `cannot write pidfile ${path}: ${message}`, {
      cause,
      hint: 'correct pidfile in the configuration, or make its directory writable',
    });
  }
  try {
    writeSync(fd, `${process.pid}\n`);
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Whether a file is so young that its maker may still be at it; nothing when there is no such file. */
function isHalfDone(path: string): boolean | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && Date.now() - stats.mtimeMs < halfDoneMs;
}

/** The pid in a file: 0 when it holds none, nothing when there is no file. */
export function readPid(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new LondisteError('refused', `cannot read pidfile ${path}: ${message}`, {
      cause,
      hint: 'correct pidfile in the configuration',
    });
  }
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}

function refusal(message: string): LondisteError {
  return new LondisteError('refused', message, {
    hint: 'stop it first (the same command with -s), or give this one another pidfile',
  });
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
 * @throws LondisteError `refused` when there is no file, the process that it names is none of ours, or it does not end.
 */
export async function signalDaemon({
  pidfile,
  signal,
}: {
  pidfile: string | undefined;
  signal: DaemonSignal;
}): Promise<void> {
  const pid = daemonOf(pidfile);
  send(pid, signal);
  if (signal === 'SIGHUP') return;
  for (let waited = 0; waited < patienceMs[signal]; waited += 50) {
    if (!isAlive(pid)) return;
    await sleep(50);
  }
  throw new LondisteError(
    'refused',
    `process ${pid} has not ended ${patienceMs[signal] / 1000} seconds after ${signal}`,
    {
      hint:
        signal === 'SIGINT'
          ? 'look into its log; -k stops it without finishing the batch'
          : `kill -9 ${pid} ends it; nothing is lost by that`,
    },
  );
}

function daemonOf(pidfile: string | undefined): number {
  const hint = 'nothing to do';
  if (pidfile === undefined) {
    throw new LondisteError('refused', 'no pidfile in the configuration, so no daemon to signal', {
      hint: 'set pidfile',
    });
  }
  const pid = readPid(pidfile);
  if (pid === undefined) {
    throw new LondisteError('refused', `pidfile ${pidfile} does not exist: no daemon is running`, { hint });
  }
  if (!isOurs(pid)) {
    const message =
      pid === 0
        ? `pidfile ${pidfile} is there, but holds no process id`
        : `pidfile ${pidfile} is there, but process ${pid} is not running`;
    throw new LondisteError('refused', message, { hint });
  }
  return pid;
}

function send(pid: number, signal: DaemonSignal): void {
  try {
    process.kill(pid, signal);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // It has ended in the meantime: what was wanted.
    if (code === 'ESRCH' && signal !== 'SIGHUP') return;
    throw new LondisteError(
      'refused',
      `process ${pid} cannot be sent ${signal}: ${code ?? 'unknown reason'}`,
      {
        cause,
        hint: 'call the command as the user that runs the daemon',
      },
    );
  }
}
