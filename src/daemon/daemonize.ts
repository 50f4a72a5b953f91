import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { LondisteError, type ErrorKind } from '../kernel/errors.js';

/** Tells the process that `-d` started from one that a person did. */
const marker = 'LONDISTE_IN_BACKGROUND';

/** The descriptor over which a background process tells the one that started it how its start went. */
const reportFd = 3;

/** What comes over that descriptor: one line. */
type Report =
  { readonly ready: true } | { readonly kind: ErrorKind; readonly message: string; readonly hint: string };

export function isInBackground(environment: NodeJS.ProcessEnv): boolean {
  return environment[marker] === '1';
}

/** How long whoever typed `-d` waits for a daemon that neither serves nor gives up, in milliseconds. */
const defaultPatienceMs = 10_000;

/**
 * Starts this same program again in the background, in a session of its own and with the same working directory, and
 * returns once it serves; what stopped it before that is thrown here. One that is still trying after a while, because
 * its server is down, goes on trying and is left alone: then the answer is `trying`.
 */
export async function startInBackground(patienceMs = defaultPatienceMs): Promise<'serving' | 'trying'> {
  const [program = '', ...args] = process.argv.slice(1);
  // None of its descriptors is ours: whoever reads our output would wait for the daemon's end.
  const child = spawn(process.execPath, [...process.execArgv, program, ...withoutDaemonSwitch(args)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { ...process.env, [marker]: '1' },
  });
  const report = await firstLine(child.stdio[reportFd] as Readable, patienceMs);
  child.unref();
  if (report === 'nothing yet') return 'trying';
  if (report === undefined) {
    throw new LondisteError('refused', 'the daemon ended before it served', {
      hint: 'read its log, or run the command without -d',
    });
  }
  const told = JSON.parse(report) as Report;
  if (!('ready' in told)) throw new LondisteError(told.kind, told.message, { hint: told.hint });
  return 'serving';
}

/** `-d` may stand by itself or among other letters, as in `-vd`. */
function withoutDaemonSwitch(args: readonly string[]): string[] {
  return args
    .map((arg) => (/^-[a-z]+$/i.test(arg) ? arg.replace('d', '') : arg))
    .filter((arg) => arg !== '--daemon' && arg !== '-');
}

/** The first line that comes, nothing when the stream ends without one, or that there is `nothing yet`. */
function firstLine(stream: Readable, withinMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (answer: string | undefined): void => {
      clearTimeout(timer);
      stream.destroy();
      resolve(answer);
    };
    const done = (): void => {
      finish(text.endsWith('\n') ? text : undefined);
    };
    const timer = setTimeout(() => {
      finish('nothing yet');
    }, withinMs);
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith('\n')) done();
    });
    stream.once('end', done);
    stream.once('error', done);
  });
}

/** Tells whoever started us, once; in the foreground there is nobody to tell. */
export class StartReport {
  #isOpen: boolean;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#isOpen = isInBackground(environment);
  }

  ready(): void {
    this.#tell({ ready: true });
  }

  /** True when somebody was told. */
  failed({ kind, message, hint }: LondisteError): boolean {
    return this.#tell({ kind, message, hint });
  }

  #tell(report: Report): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    try {
      writeSync(reportFd, `${JSON.stringify(report)}\n`);
      closeSync(reportFd);
    } catch {
      // Whoever started us is gone, and has no use for it.
    }
    return true;
  }
}
