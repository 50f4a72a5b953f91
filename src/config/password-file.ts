import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from './home.js';

/** What a line of the password file is matched against. */
export interface PasswordQuery {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

export interface PasswordAnswer {
  readonly password?: string;
  /** Why the file was not used, though it is there. */
  readonly note?: string;
}

/** Where libpq compares a connection through the default socket directory with `localhost`. */
const defaultSocketDirectories = ['/var/run/postgresql', '/run/postgresql', '/tmp'];

/**
 * Looks a password up in the password file (`passfile`, else ~/.pgpass): the first line `host:port:database:user:password`
 * whose fields are equal or `*`. A file that others may read is not used, as with libpq.
 */
export function lookUpPassword(
  query: PasswordQuery,
  passfile: string | undefined,
  environment: NodeJS.ProcessEnv,
): PasswordAnswer {
  const path = passfile ?? join(homeOf(environment), '.pgpass');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return passfile === undefined ? {} : { note: `the password file ${path} does not exist` };
  if (!stats.isFile()) return { note: `the password file ${path} is no plain file, so it is not used` };
  if ((stats.mode & 0o077) !== 0) {
    return {
      note: `the password file ${path} can be read by others, so it is not used; run: chmod 600 ${path}`,
    };
  }
  const password = passwordIn(readFileSync(path, 'utf8'), query);
  return password === undefined ? {} : { password };
}

/** The password that the text of a password file has for a connection. */
export function passwordIn(text: string, { host, port, database, user }: PasswordQuery): string | undefined {
  const hostName = defaultSocketDirectories.includes(host) ? 'localhost' : host;
  const wanted = [hostName, String(port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = splitFields(line);
    const password = fields[4];
    if (password === undefined || password === '') continue;
    if (wanted.every((value, n) => fields[n] === '*' || unescape(fields[n] ?? '') === value)) {
      return unescape(password);
    }
  }
  return undefined;
}

/** Splits at the colons that no backslash stands before. */
function splitFields(line: string): string[] {
  return (`:${line}`.match(/:(?:\\.|[^:\\]|\\$)*/g) ?? []).map((field) => field.slice(1));
}

function unescape(field: string): string {
  return field.replaceAll(/\\(.)/g, '$1');
}
