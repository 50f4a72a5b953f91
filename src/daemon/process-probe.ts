import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** The launchers, by which a process of ours is known. */
const programs = ['londiste', 'pgqadm'];

/**
 * Whether a pid belongs to a live process that runs one of our programs; elsewhere than here, because a container often
 * gives a restarted program the very number that it had before. Where the system does not tell what a process
 * runs, any live one counts.
 */
export function isOurs(pid: number): boolean {
  if (pid === process.pid || !isAlive(pid)) return false;
  const args = readProc(pid, 'cmdline')?.split('\0');
  // A whole argument, not a piece of one: a server with its data below ~/.londiste is none of ours.
  return args === undefined || args.some((arg) => programs.includes(basename(arg)));
}

/** Whether a process runs. One that has ended and is not yet collected by its parent does not. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // The state stands behind the program's name, which may hold blanks and parentheses itself.
  return readProc(pid, 'stat')?.split(') ').at(-1)?.startsWith('Z') !== true;
}

/** A file of /proc about a process; nothing where there is no /proc, or it hides the process from us. */
function readProc(pid: number, file: 'cmdline' | 'stat'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
