import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  /** CPU seconds of the process itself, and of its children that have ended. */
  readonly own: number;
  readonly ended: number;
}

function readStat(pid: number | string): Stat | undefined {
  try {
    // The program's name may hold blanks and parentheses; what follows the last one are plain fields.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const seconds = (first: number): number =>
      (Number(fields[first]) + Number(fields[first + 1])) / ticksPerSecond;
    return { parent: Number(fields[1]), own: seconds(11), ended: seconds(13) };
  } catch {
    return undefined;
  }
}

/**
 * CPU seconds of a process with its children, those that have ended included: what a child has used is counted to its
 * parent when it ends, so that the sum never goes back.
 */
export function cpuSeconds(pid: number): number {
  const itself = readStat(pid);
  if (!itself) return 0;
  let sum = itself.own + itself.ended;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(entry);
    if (stat?.parent === pid) sum += stat.own + stat.ended;
  }
  return sum;
}

/** Megabytes of memory that a process has now, and the most that it ever had. */
export function memoryOf(pid: number): { now: number; most: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (key: string): number =>
      Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
    return { now: megabytes('VmRSS'), most: megabytes('VmHWM') };
  } catch {
    return undefined;
  }
}
