import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { parseName, quoteName } from '../db/identifiers.js';
import { LondisteError } from '../kernel/errors.js';

/** How to reach a server with its own programs: a connection string without secrets, and the password. */
export interface ProgramConnection {
  readonly conninfo: string;
  readonly password?: string;
}

export interface DumpRequest {
  readonly from: ProgramConnection;
  /** The major version of its server. */
  readonly major: number;
  /** Quoted, qualified names. */
  readonly tables: readonly string[];
  /** Oids of objects that are left out, like triggers. */
  readonly without: ReadonlySet<number>;
}

/** Where packages of the distributions put programs of several major versions, beside the folders of PATH. */
const packageFolders = [
  { parent: '/usr/lib/postgresql', bin: (name: string) => join(name, 'bin') },
  { parent: '/usr', bin: (name: string) => (name.startsWith('pgsql-') ? join(name, 'bin') : undefined) },
];

/** A dump of some kilobytes for a table, with all its comments. */
const mostOutput = 256 * 1024 * 1024;

/**
 * The definitions of tables as SQL, with all that hangs on them: sequences that they own, indexes, constraints, triggers,
 * rights. Without owners, publications, and the settings that the dump begins with.
 *
 * @throws LondisteError `refused` when there is no pg_dump that knows the server's version, or it fails.
 */
export async function dumpTables({ from, major, tables, without }: DumpRequest): Promise<string> {
  const bin = await findPgDump(major);
  const folder = await mkdtemp(join(tmpdir(), 'londiste-dump-'));
  try {
    const archive = join(folder, 'tables.dump');
    const list = join(folder, 'tables.list');
    const environment = from.password === undefined ? {} : { PGPASSWORD: from.password };
    const flags = [
      '--schema-only',
      '--no-owner',
      '--no-publications',
      '--no-subscriptions',
      '--strict-names',
    ];
    const names = tables.flatMap((table) => ['--table', quoteName(parseName(table))]);
    await runProgram(
      join(bin, 'pg_dump'),
      [...flags, ...names, '--format=custom', `--file=${archive}`, `--dbname=${from.conninfo}`],
      environment,
    );
    const entries = await runProgram(join(bin, 'pg_restore'), ['--list', archive]);
    await writeFile(list, withoutObjects(entries, without));
    return withoutSettings(
      await runProgram(join(bin, 'pg_restore'), ['--no-owner', `--use-list=${list}`, '--file=-', archive]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder of the oldest pg_dump that knows a server of this major version. */
async function findPgDump(major: number): Promise<string> {
  const known = new Map<string, number>();
  for (const folder of await candidateFolders()) {
    const version = await runProgram(join(folder, 'pg_dump'), ['--version']).catch(() => '');
    const found = /\(PostgreSQL\) (\d+)/.exec(version)?.[1];
    if (found !== undefined) known.set(folder, Number(found));
  }
  const fitting = [...known]
    .filter(([, version]) => version >= major)
    .sort(([, one], [, other]) => one - other);
  const folder = fitting[0]?.[0];
  if (folder !== undefined) return folder;
  const there = [...new Set(known.values())].sort((one, other) => one - other).join(', ');
  throw new LondisteError(
    'refused',
    `--create-full needs a pg_dump of PostgreSQL ${major} or later, the provider's version; ${known.size === 0 ? 'there is none here' : `here is that of ${there}`}`,
    { hint: `install one (Debian: postgresql-client-${major}), or use --create` },
  );
}

async function candidateFolders(): Promise<string[]> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const { parent, bin } of packageFolders) {
    const names = await readdir(parent).catch(() => []);
    folders.push(
      ...names.flatMap((name) => {
        const inside = bin(name);
        return inside === undefined ? [] : [join(parent, inside)];
      }),
    );
  }
  return [...new Set(folders)];
}

async function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      env: { ...process.env, ...environment, LC_ALL: 'C' },
      maxBuffer: mostOutput,
    });
    return stdout;
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim();
    throw new LondisteError(
      'refused',
      said === undefined || said === '' ? `${program} could not be run` : said,
      {
        cause,
      },
    );
  }
}

/** Entries of an archive's table of contents begin with `DUMP-ID; OID-OF-CATALOGUE OID-OF-OBJECT KIND`. */
function withoutObjects(entries: string, without: ReadonlySet<number>): string {
  return entries
    .split('\n')
    .filter((line) => !without.has(Number(/^\d+; \d+ (\d+) /.exec(line)?.[1])))
    .join('\n');
}

/**
 * A dump begins with settings, some of which an older server does not know, and is framed by lines that only psql
 * understands; what stands between is plain SQL with qualified names.
 */
function withoutSettings(dump: string): string {
  const begin = dump.indexOf('\n-- Name: ');
  const end = dump.lastIndexOf('\n-- PostgreSQL database dump complete');
  return begin < 0 || end < begin ? '' : dump.slice(begin, end);
}
