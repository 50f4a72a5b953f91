import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LondisteError } from '../kernel/errors.js';
import type { ConninfoParts } from './conninfo-keywords.js';
import { expandHome, homeOf } from './home.js';

/** What the driver hands to Node's TLS; `false` for a connection in plain text. */
export type Tls = false | TlsOptions;

export interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** The name that the certificate must have, where it is not the address that is connected to. */
  readonly servername?: string;
  readonly host?: string;
  readonly checkServerIdentity?: () => undefined;
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * TLS settings with libpq's meaning of sslmode: `require` encrypts and checks nothing (unless there is a root
 * certificate: then it is `verify-ca`), `verify-ca` checks who signed, `verify-full` the host name too. The driver
 * makes one attempt and cannot fall back, so `allow` and `prefer`, which promise no encryption, stay in plain text.
 */
export function tlsOf(parts: ConninfoParts, host: string, environment: NodeJS.ProcessEnv): Tls {
  const mode = parts.get('sslmode') ?? 'prefer';
  if (!modes.includes(mode)) fail(`sslmode: expected ${modes.join(', ')}, got "${mode}"`);
  const isSocket = host.startsWith('/');
  const roots = rootCertificates(parts, mode, environment);
  if (isSocket || ['disable', 'allow', 'prefer'].includes(mode)) return false;

  const checked = mode !== 'require' || roots !== undefined;
  return {
    rejectUnauthorized: checked,
    ...(roots === undefined || roots === 'system' ? {} : { ca: roots.pem }),
    ...clientCertificate(parts, environment),
    ...(mode === 'verify-full'
      ? parts.has('hostaddr') && { servername: host, host }
      : { checkServerIdentity: () => undefined }),
  };
}

/** The root certificates that are checked against: the system's (those that come with Node), a file's, or none. */
function rootCertificates(
  parts: ConninfoParts,
  mode: string,
  environment: NodeJS.ProcessEnv,
): 'system' | { pem: string } | undefined {
  const given = parts.get('sslrootcert');
  if (given === 'system') {
    if (mode === 'verify-full') return 'system';
    fail(`sslrootcert=system goes with sslmode=verify-full only, not with ${mode}`);
  }
  const path = expandHome(given ?? join(homeOf(environment), '.postgresql', 'root.crt'), environment);
  if (existsSync(path)) return { pem: read('sslrootcert', path) };
  if (!mode.startsWith('verify-')) return undefined;
  return fail(
    `sslmode=${mode} needs a root certificate, and ${path} does not exist; name one by sslrootcert=FILE, or write sslrootcert=system`,
  );
}

function clientCertificate(
  parts: ConninfoParts,
  environment: NodeJS.ProcessEnv,
): { cert?: string; key?: string; passphrase?: string } {
  const folder = join(homeOf(environment), '.postgresql');
  const certPath = expandHome(parts.get('sslcert') ?? join(folder, 'postgresql.crt'), environment);
  if (!parts.has('sslcert') && !existsSync(certPath)) return {};
  const keyPath = expandHome(parts.get('sslkey') ?? join(folder, 'postgresql.key'), environment);
  const cert = read('sslcert', certPath);
  const key = read('sslkey', keyPath);
  // libpq's rule: only its owner may read a key, or root's group where root owns it.
  const { mode, uid } = statSync(keyPath);
  if ((mode & (uid === 0 ? 0o037 : 0o077)) !== 0) {
    fail(`sslkey: ${keyPath} can be read by others; run: chmod 600 ${keyPath}`);
  }
  const passphrase = parts.get('sslpassword');
  return { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
}

function read(keyword: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LondisteError('config', `${keyword}: ${path} cannot be read`, { cause });
  }
}

function fail(message: string): never {
  throw new LondisteError('config', message);
}
