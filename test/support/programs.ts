import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs one of our programs as a user would and waits for its end; `within` milliseconds at most. */
export function run(
  program: 'londiste' | 'pgqadm',
  args: readonly string[],
  { cwd, env = {}, within = 60_000 }: { cwd?: string; env?: Record<string, string>; within?: number } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`${root}bin/${program}`, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: within,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    // `exit`, not `close`: a daemon that was forked may hold our pipes open. What the program has written lies in the
    // pipes then; where this process was busy meanwhile it is read only after the timers that are due.
    const told = (code: number | null): void => {
      setImmediate(() => setImmediate(() => resolve({ code, stdout, stderr })));
    };
    child.once('exit', (code) => setTimeout(() => told(code), 10));
  });
}
