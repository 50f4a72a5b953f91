import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import type { Binaries } from './binaries.js';
import { unprivileged } from './unprivileged.js';

export interface ServerOptions {
  readonly binaries: Binaries;
  /** The server's own folder: its data lies in `data`, its log in `server.log`. */
  readonly folder: string;
  readonly port: number;
  /** Settings beside our few, as on the command line: `fsync: 'off'`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How to stop: `fast` ends sessions, `immediate` is a crash that recovery mends at the next start. */
export type StopMode = 'fast' | 'immediate';

/** The superuser that every server of ours has; connections from this machine need no password. */
export const superuser = 'postgres';

/** One PostgreSQL server that we start ourselves, on the loopback interface only. */
export class Server {
  readonly #options: ServerOptions;
  #process: ChildProcess | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#options.port;
  }

  get major(): number {
    return this.#options.binaries.major;
  }

  get #data(): string {
    return join(this.#options.folder, 'data');
  }

  /** Its data: tests put `standby.signal` there, or an older state. */
  get dataFolder(): string {
    return this.#data;
  }

  get logFile(): string {
    return join(this.#options.folder, 'server.log');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get initialised(): boolean {
    return existsSync(join(this.#data, 'PG_VERSION'));
  }

  /** Makes the data folder, if it is not there yet. */
  async initialise(): Promise<void> {
    if (this.initialised) return;
    mkdirSync(this.#options.folder, { recursive: true });
    const args = [
      '-D',
      this.#data,
      '-U',
      superuser,
      '-A',
      'trust',
      '--locale=C',
      '--encoding=UTF8',
      '--no-sync',
      '--no-instructions',
    ];
    const launch = unprivileged(this.#options.binaries.initdb, args, this.#options.folder);
    const log = openSync(this.logFile, 'a');
    const child = spawn(launch.command, launch.args, { ...who(launch), stdio: ['ignore', log, log] });
    closeSync(log);
    const code = await ended(child);
    if (code !== 0) throw this.#failed('initdb');
  }

  /** Starts the server and returns when it accepts connections. */
  async start(): Promise<void> {
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      ...this.#options.settings,
    };
    const args = [
      '-D',
      this.#data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const launch = unprivileged(this.#options.binaries.postgres, args, this.#options.folder);
    const log = openSync(this.logFile, 'a');
    // A group of its own: Ctrl-C on our terminal must reach us alone, who stop the servers in order.
    const child = spawn(launch.command, launch.args, {
      ...who(launch),
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    child.unref();
    this.#process = child;
    await this.#untilReady(child);
  }

  /** The postmaster writes `ready`, or `standby`, in the last line of its pid file when it accepts connections. */
  async #untilReady(child: ChildProcess): Promise<void> {
    for (let waited = 0; waited < 60_000; waited += 20) {
      if (child.exitCode !== null || child.signalCode !== null) throw this.#failed('postgres');
      const lines = this.#pidFile();
      if (Number(lines[0]) === child.pid && ['ready', 'standby'].includes(lines[7]?.trim() ?? '')) return;
      await sleep(20);
    }
    throw this.#failed('postgres');
  }

  #pidFile(): string[] {
    const path = join(this.#data, 'postmaster.pid');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  }

  #failed(program: string): LondisteError {
    const tail = existsSync(this.logFile)
      ? readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-3).join('\n')
      : '';
    return new LondisteError('refused', `${program} ${this.major} did not start:\n${tail}`, {
      hint: `read ${this.logFile}`,
    });
  }

  async stop(mode: StopMode = 'fast'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = ended(child);
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await gone;
  }

  /** Ends a postmaster of this folder that an earlier process of ours left behind. */
  async stopLeftover(): Promise<void> {
    const pid = Number(this.#pidFile()[0]);
    if (!Number.isInteger(pid) || pid <= 0 || !runsFrom(pid, this.#data)) return;
    process.kill(pid, 'SIGINT');
    for (let waited = 0; waited < 10_000 && runsFrom(pid, this.#data); waited += 50) await sleep(50);
  }
}

/** Whether `pid` is a PostgreSQL of that data folder, not a stranger who has the number by now. */
function runsFrom(pid: number, data: string): boolean {
  try {
    process.kill(pid, 0);
    const path = `/proc/${pid}/cmdline`;
    return !existsSync('/proc/self/cmdline') || readFileSync(path, 'utf8').includes(data);
  } catch {
    return false;
  }
}

function who({ uid, gid }: { uid?: number; gid?: number }): { uid?: number; gid?: number } {
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code);
    });
  });
}

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
