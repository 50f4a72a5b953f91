import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { LondisteError } from '../kernel/errors.js';

/** A piece of an installation: SQL that runs in one go, and the file that a message about it names. */
export interface Part {
  readonly file: string;
  readonly sql: string;
}

/** What `install.sql` of a schema says, in the order in which it says it. */
export interface Manifest {
  /** The shape of the tables that its files make. */
  readonly schemaVersion: number;
  /** The oldest shape that code must know to work on those tables. */
  readonly oldestCode: number;
  readonly parts: readonly Part[];
  /** A fingerprint of all files, which differs as soon as one function does. */
  readonly digest: string;
}

/**
 * Reads a manifest that psql can run too. Of psql's language it knows `\set NAME VALUE`, `:'NAME'` in the manifest's
 * own lines, and `\ir FILE`; anything else that begins with a backslash is refused.
 */
export async function readManifest(url: URL): Promise<Manifest> {
  const name = nameOf(url);
  const variables = new Map<string, string>();
  const parts: Part[] = [];
  let own: string[] = [];
  const flush = (): void => {
    if (own.some((line) => line.trim() !== '' && !line.startsWith('--'))) {
      parts.push({ file: name, sql: own.join('\n') });
    }
    own = [];
  };

  for (const line of (await readText(url)).split('\n')) {
    const [command, argument = '', value = ''] = line.trim().split(/\s+/);
    if (command === '\\set') variables.set(argument, value);
    else if (command === '\\ir') {
      flush();
      const file = new URL(argument, url);
      parts.push({ file: nameOf(file), sql: await readText(file) });
    } else if (command?.startsWith('\\')) {
      throw new LondisteError('bug', `${name}: only \\set and \\ir are understood: ${line}`);
    } else own.push(substitute(line, variables));
  }
  flush();

  return {
    schemaVersion: numberOf('schema_version', variables, name),
    oldestCode: numberOf('oldest_code', variables, name),
    parts,
    digest: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
  };
}

function substitute(line: string, variables: ReadonlyMap<string, string>): string {
  return line.replace(/:'(\w+)'/g, (whole, name: string) => {
    const value = variables.get(name);
    return value === undefined ? whole : `'${value.replaceAll("'", "''")}'`;
  });
}

function numberOf(variable: string, variables: ReadonlyMap<string, string>, file: string): number {
  const value = Number(variables.get(variable) ?? Number.NaN);
  if (!Number.isInteger(value))
    throw new LondisteError('bug', `${file}: \\set ${variable} NUMBER is missing`);
  return value;
}

/** `pgq/functions/ticker.sql`: the path below the folder of all SQL. */
function nameOf(url: URL): string {
  return url.pathname.slice(url.pathname.lastIndexOf('/sql/') + '/sql/'.length);
}

async function readText(url: URL): Promise<string> {
  try {
    return await readFile(url, 'utf8');
  } catch (cause) {
    throw new LondisteError('refused', `cannot read ${nameOf(url)}, a file of this program`, {
      cause,
      hint: 'install the program again',
    });
  }
}
