import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { onExit, unlessEnding } from './cleanup.js';

export interface Command {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Where its standard output and error go. */
  readonly output: string;
}

/** How long a daemon has to finish what it is doing before it is killed, in milliseconds. */
const stopPatienceMs = 60_000;

/** A daemon of a peer that runs in the foreground as our child, in a group of its own: Ctrl-C reaches us alone. */
export class Daemon {
  readonly name: string;
  readonly output: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #release: () => Promise<void>;
  #wasStopped = false;

  constructor({ name, command, args, cwd, output }: Command) {
    this.name = name;
    this.output = output;
    const log = openSync(output, 'a');
    this.#child = spawn(command, args, { cwd, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      // It could not be started at all: its absence is noticed by whoever waits for what it does.
      this.#child.once('error', () => resolve());
    });
    this.#release = onExit(() => this.#end('SIGKILL'));
  }

  get pid(): number | undefined {
    return this.alive ? this.#child.pid : undefined;
  }

  get alive(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether it ends, or has ended, because we wanted it to. */
  get wasStopped(): boolean {
    return this.#wasStopped;
  }

  /** The last lines that it wrote, for a message. */
  get lastWords(): string {
    return existsSync(this.output)
      ? readFileSync(this.output, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
      : '';
  }

  /** Lets it finish what it is doing; kills it when that takes too long. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
    await this.#release();
  }

  async #end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    this.#wasStopped = true;
    if (!this.alive) return;
    this.#child.kill(signal);
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), stopPatienceMs);
    await this.#ended;
    clearTimeout(impatience);
  }
}

/** Runs a command to its end; returns what it printed, throws when it fails. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  await unlessEnding();
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const release = onExit(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  await release();
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${code ?? 'killed'}):\n${printed}`);
  return printed;
}
