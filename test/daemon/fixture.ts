import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { atEndOfFile } from '../support/at-end.js';
import { root, type Outcome } from '../support/programs.js';

/** The built module, as the text of an `import`. */
export function built(path: string): string {
  return JSON.stringify(pathToFileURL(`${root}dist/${path}`).href);
}

/**
 * A folder with a program of the given text named `londiste`, which is how a process of ours is known. Processes that it
 * started are killed and the folder is removed when the tests of the file are done.
 */
export class Fixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'daemon-'));
  readonly program = join(this.folder, 'londiste');
  readonly #children: ChildProcess[] = [];

  constructor(text: string) {
    writeFileSync(this.program, text);
    atEndOfFile(() => {
      for (const child of this.#children) child.kill('SIGKILL');
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): string {
    try {
      return readFileSync(this.path(name), 'utf8');
    } catch {
      return '';
    }
  }

  /** Starts the program in its folder; `ended` is its outcome once all its output is closed. */
  start(...args: string[]): { child: ChildProcess; pid: number; ended: Promise<Outcome> } {
    return this.#start(process.execPath, [this.program, ...args]);
  }

  /** A process that is none of ours. */
  stranger(command: string): { child: ChildProcess; pid: number; ended: Promise<Outcome> } {
    return this.#start('/bin/sh', ['-c', command]);
  }

  #start(command: string, args: string[]): { child: ChildProcess; pid: number; ended: Promise<Outcome> } {
    const child = spawn(command, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<Outcome>((resolve) => {
      child.once('close', (code) => {
        resolve({ code, stdout, stderr });
      });
    });
    if (child.pid === undefined) throw new Error(`${command} did not start`);
    return { child, pid: child.pid, ended };
  }
}
