import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { LondisteError } from '../kernel/errors.js';

/** The programs of one PostgreSQL installation. */
export interface Binaries {
  readonly major: number;
  readonly initdb: string;
  readonly postgres: string;
  /** `package` for the npm packages, else the folder where it was found. */
  readonly origin: string;
}

/** The majors that come as npm packages, under the aliases of package.json: the oldest and the newest we support. */
const packagedMajors = [14, 18];

const installedRoots = ['/usr/lib/postgresql', '/usr/pgsql', '/opt/homebrew/opt', '/usr/local/opt'];

/**
 * Every PostgreSQL that can be started here, by major: the npm packages where the platform has them, else what is
 * installed. `LONDISTE_PG_BIN`, a list of `bin` folders divided by colons, comes before both.
 */
export async function findBinaries(environment: Record<string, string | undefined>): Promise<Binaries[]> {
  const named = (environment['LONDISTE_PG_BIN'] ?? '').split(':').filter((folder) => folder !== '');
  const candidates = [...named.map(fromFolder), ...(await packaged()), ...installed().map(fromFolder)];
  const byMajor = new Map<number, Binaries>();
  for (const found of candidates) {
    if (found && found.major >= 14 && !byMajor.has(found.major)) byMajor.set(found.major, found);
  }
  return [...byMajor.values()].sort((a, b) => a.major - b.major);
}

/** The oldest and the newest of them; the same one twice where there is only one. */
export async function oldestAndNewest(
  environment: Record<string, string | undefined>,
): Promise<[Binaries, Binaries]> {
  const all = await findBinaries(environment);
  const [oldest] = all;
  const newest = all.at(-1);
  if (!oldest || !newest) {
    throw new LondisteError(
      'refused',
      `no PostgreSQL to start: none of the packages that come with the project is for ${process.platform}-${process.arch}`,
      {
        hint: 'install PostgreSQL 14 or later and set LONDISTE_PG_BIN to its bin folder, or to several with colons between',
      },
    );
  }
  return [oldest, newest];
}

async function packaged(): Promise<(Binaries | undefined)[]> {
  return Promise.all(
    packagedMajors.map(async (major) => {
      const name = `pg${major}-${process.platform}-${process.arch}`;
      try {
        const { initdb, postgres } = (await import(name)) as { initdb: string; postgres: string };
        return existsSync(initdb) ? { major, initdb, postgres, origin: 'package' } : undefined;
      } catch {
        return undefined;
      }
    }),
  );
}

function installed(): string[] {
  return installedRoots
    .filter((root) => existsSync(root))
    .flatMap((root) => readdirSync(root).map((entry) => join(root, entry, 'bin')));
}

function fromFolder(folder: string): Binaries | undefined {
  const postgres = join(folder, 'postgres');
  const initdb = join(folder, 'initdb');
  if (!existsSync(postgres) || !existsSync(initdb)) return undefined;
  const version = execFileSync(postgres, ['--version'], { encoding: 'utf8' });
  const major = Number(/ (\d+)/.exec(version)?.[1]);
  return Number.isInteger(major) ? { major, initdb, postgres, origin: folder } : undefined;
}
