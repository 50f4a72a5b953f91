import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { LondisteError } from '../kernel/errors.js';
import { addEnvironment, refuseLimited, type ConninfoParts } from './conninfo-keywords.js';
import { conninfoParts } from './conninfo-text.js';
import { expandHome, systemUser } from './home.js';
import { lookUpPassword } from './password-file.js';
import { serviceParts } from './service-file.js';
import { tlsOf, type Tls } from './tls.js';

/** Where and as whom to connect, with every default filled in: what a session is opened with. */
export interface ConnectSettings {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
  /** Never left to the driver, which would read PGSSLMODE in its own way. */
  readonly ssl: Tls;
  readonly options?: string;
  /** 0 waits for ever; not there: the session's own default. */
  readonly connectTimeoutMs?: number;
}

/** The same connection for programs of PostgreSQL itself, like pg_dump: what must not be seen in a process list is apart. */
export interface LibpqConnection {
  /** In the keyword form. */
  readonly conninfo: string;
  readonly password?: string;
}

/** A connection string after reading, with what its owner should know about it. */
export interface Conninfo {
  /** As it was written. */
  readonly text: string;
  readonly settings: ConnectSettings;
  /** The password stands in the string itself. */
  readonly holdsPassword: boolean;
  readonly libpq: LibpqConnection;
  /** Sentences about what is allowed and yet not what its writer may think. */
  readonly notes: readonly string[];
}

/**
 * Reads a connection string in libpq's keyword form or as a `postgresql://` URI. What it does not say comes from its
 * service, then from the PG* variables of `environment`, the password file, and libpq's defaults. Throws a
 * `LondisteError` of kind `config`, whose message never holds a password.
 */
export function parseConninfo(
  text: string,
  environment: NodeJS.ProcessEnv,
  database?: string,
): ConnectSettings {
  return readConninfo(text, environment, database).settings;
}

/** `database`: whatever the string says, it is this one that is meant. */
export function readConninfo(text: string, environment: NodeJS.ProcessEnv, database?: string): Conninfo {
  const parts = conninfoParts(text);
  if (database !== undefined) parts.set('dbname', database);
  const holdsPassword = parts.has('password');
  addService(parts, environment);
  addEnvironment(parts, environment);
  for (const [keyword, value] of parts) if (value === '') parts.delete(keyword);
  refuseLimited(parts);

  const host = hostOf(parts);
  const user = parts.get('user') ?? systemUser();
  const named = parts.get('dbname') ?? user;
  const port = portOf(parts);
  const ssl = tlsOf(parts, host, environment);
  const { password, note } = passwordOf(parts, { host, port, user, database: named }, environment);
  const options = parts.get('options');
  const connectTimeoutMs = timeoutOf(parts);
  const settings: ConnectSettings = {
    host: host.startsWith('/') ? host : (parts.get('hostaddr') ?? host),
    port,
    user,
    database: named,
    ...(password === undefined ? {} : { password }),
    ssl,
    ...(options === undefined ? {} : { options }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  };
  const libpq = {
    conninfo: formatConninfo(
      new Map([...parts, ['host', host], ['port', String(port)], ['user', user], ['dbname', named]]),
      environment,
    ),
    ...(password === undefined ? {} : { password }),
  };
  return {
    text,
    settings,
    holdsPassword,
    libpq,
    notes: [note, plainTextNote(settings, parts)].filter(isThere),
  };
}

/** What must not be seen, or is in the other parts by now. */
const leftOut = new Set(['password', 'sslpassword', 'passfile', 'service', 'servicefile']);
/** Files, which libpq does not look for in a home directory that is written as `~`. */
const files = new Set(['sslrootcert', 'sslcert', 'sslkey']);

function formatConninfo(parts: ConninfoParts, environment: NodeJS.ProcessEnv): string {
  return [...parts]
    .filter(([keyword]) => !leftOut.has(keyword))
    .map(([keyword, value]): [string, string] => [
      keyword,
      files.has(keyword) ? expandHome(value, environment) : value,
    ])
    .map(([keyword, value]) => `${keyword}='${value.replaceAll(/['\\]/g, '\\$&')}'`)
    .join(' ');
}

function addService(parts: ConninfoParts, environment: NodeJS.ProcessEnv): void {
  const service = parts.get('service') ?? environment['PGSERVICE'];
  if (service === undefined || service === '') return;
  const file = parts.get('servicefile') ?? environment['PGSERVICEFILE'];
  const found = serviceParts(
    service,
    file === undefined || file === '' ? undefined : expandHome(file, environment),
    environment,
  );
  for (const [keyword, value] of found) if (!parts.has(keyword)) parts.set(keyword, value);
}

function hostOf(parts: ConninfoParts): string {
  for (const keyword of ['host', 'hostaddr', 'port']) {
    if (parts.get(keyword)?.includes(',') === true) {
      fail(`${keyword}: several hosts in one connection string are not supported; name the one to use`);
    }
  }
  const address = parts.get('hostaddr');
  if (address !== undefined && isIP(address) === 0)
    fail(`hostaddr: expected an IP address, got "${address}"`);
  const host = parts.get('host') ?? address;
  if (host?.startsWith('@') === true) fail('host: abstract Unix sockets are not supported');
  if (host !== undefined) return host;
  const socketDirectory = '/var/run/postgresql';
  return existsSync(socketDirectory) ? socketDirectory : 'localhost';
}

function portOf(parts: ConninfoParts): number {
  const text = parts.get('port') ?? '5432';
  const port = /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  // What stands in a port's place may be the end of a password with a colon in it.
  return fail('port: expected a number between 1 and 65535');
}

function timeoutOf(parts: ConninfoParts): number | undefined {
  const text = parts.get('connect_timeout');
  if (text === undefined) return undefined;
  if (!/^\s*-?\d{1,6}\s*$/.test(text)) fail(`connect_timeout: expected whole seconds, got "${text}"`);
  return Math.max(0, Number(text)) * 1000;
}

function passwordOf(
  parts: ConninfoParts,
  { host, ...rest }: { host: string; port: number; user: string; database: string },
  environment: NodeJS.ProcessEnv,
): { password?: string; note?: string } {
  const password = parts.get('password');
  if (password !== undefined) return { password };
  const passfile = parts.get('passfile');
  return lookUpPassword(
    { host, ...rest },
    passfile === undefined ? undefined : expandHome(passfile, environment),
    environment,
  );
}

function plainTextNote({ host, ssl }: ConnectSettings, parts: ConninfoParts): string | undefined {
  const isLocal = host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLocal || ssl !== false || parts.get('sslmode') === 'disable') return undefined;
  return `the connection to ${host} is not encrypted; add sslmode=verify-full or sslmode=require, or sslmode=disable to say that this is meant`;
}

function isThere(note: string | undefined): note is string {
  return note !== undefined;
}

function fail(message: string): never {
  throw new LondisteError('config', message);
}
