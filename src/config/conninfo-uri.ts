import { LondisteError } from '../kernel/errors.js';
import { putPart, type ConninfoParts } from './conninfo-keywords.js';

const scheme = /^postgres(?:ql)?:\/\//;

export function isConninfoUri(text: string): boolean {
  return scheme.test(text);
}

/**
 * `postgresql://user:password@host:port/dbname?keyword=value`, read as libpq does: every part is optional, `%XX` may
 * stand for any character anywhere, and `#` is an ordinary one. The URL class of Node is not used because it refuses
 * what libpq takes: no host, a `#` or `%` in a password, a socket directory as host.
 */
export function parseConninfoUri(text: string): ConninfoParts {
  const parts: ConninfoParts = new Map();
  const { credentials, location, path, query } = split(text.replace(scheme, ''));
  if (credentials !== undefined) putCredentials(parts, credentials);
  putLocation(parts, location);
  if (path !== '') parts.set('dbname', decode(path));
  for (const pair of query === undefined || query === '' ? [] : query.split('&')) putParameter(parts, pair);
  return parts;
}

function split(rest: string): {
  credentials: string | undefined;
  location: string;
  path: string;
  query: string | undefined;
} {
  // Credentials end at the first @ before any slash.
  const credentials = /^([^@/]*)@/.exec(rest)?.[1];
  const after = credentials === undefined ? rest : rest.slice(credentials.length + 1);
  const [, location = '', path = '', query] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(after) ?? [];
  // A database may have an @ in its name, but where no credentials were found it is rather theirs.
  if (location.includes('@') || (credentials === undefined && path.includes('@'))) {
    fail('an @ or / in the user or password is written %40 or %2F');
  }
  return { credentials, location, path, query };
}

function putCredentials(parts: ConninfoParts, credentials: string): void {
  const colon = credentials.indexOf(':');
  const user = colon < 0 ? credentials : credentials.slice(0, colon);
  if (user !== '') parts.set('user', decode(user));
  if (colon >= 0) parts.set('password', decode(credentials.slice(colon + 1)));
}

function putLocation(parts: ConninfoParts, location: string): void {
  // Several hosts keep their commas, by which they are refused where the parts are put together.
  const form = location.includes(',') ? /^()(.*)$/s : /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/;
  const found = form.exec(location);
  if (!found) fail('expected host:port, with an IPv6 address in brackets as in [::1]:5432');
  const [, ipv6, name, port] = found;
  const host = [ipv6, name].find((text) => text !== undefined && text !== '');
  if (host !== undefined) parts.set('host', decode(host));
  if (port !== undefined && port !== '') parts.set('port', decode(port));
}

function putParameter(parts: ConninfoParts, pair: string): void {
  const [keyword = '', value, ...more] = pair.split('=');
  if (value === undefined || more.length > 0) fail('expected keyword=value between ? and &');
  const place = 'after the ?';
  const name = decode(keyword);
  // JDBC's spelling, which libpq takes too.
  if (name === 'ssl' && value === 'true') parts.set('sslmode', 'require');
  else putPart(parts, name, decode(value), { place, secret: false });
}

function decode(text: string): string {
  if (/%(?![0-9a-f]{2})/i.test(text)) fail('a % that stands for itself is written %25');
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Told below; the URIError would repeat the text, which may be a password.
  }
  return fail('the %XX in it are no UTF-8 text');
}

function fail(what: string): never {
  throw new LondisteError('config', `the connection URI cannot be read: ${what}`);
}
