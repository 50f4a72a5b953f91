/** Where the servers of the tests have their data. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = '/dev/shm';

/** What all servers of a run need at once at most, by far, in bytes. */
const enough = 8 * 1024 ** 3;

/**
 * A new folder for the data of servers, in memory where there is enough of it: a database is 300 small files, which on a disk
 * take longer to make and to delete than most tests. What `npm run test:long` holds is larger than that.
 */
export function makeServerFolder(environment: Record<string, string | undefined>): string {
  const fits = environment['LONDISTE_TEST_LONG'] === undefined && memoryHas(enough);
  if (fits) removeLeftovers();
  return mkdtempSync(join(fits ? memory : tmpdir(), `londiste-test-${process.pid}-`));
}

function memoryHas(bytes: number): boolean {
  if (!existsSync(memory) || !existsSync('/proc/meminfo')) return false;
  const { bavail, bsize } = statfsSync(memory);
  const kilobytes = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? '0';
  // 0 where a container has no limit, and where it cannot be known.
  const limit = process.constrainedMemory();
  return Math.min(bavail * bsize, Number(kilobytes) * 1024, limit > 0 ? limit : Infinity) >= bytes;
}

/** What a run that was killed left in memory, which nothing else would give back. Its servers end when they miss it. */
function removeLeftovers(): void {
  for (const name of readdirSync(memory)) {
    const pid = /^londiste-test-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      rmSync(join(memory, name), { recursive: true, force: true });
    }
  }
}
