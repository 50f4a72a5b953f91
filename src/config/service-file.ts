import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LondisteError } from '../kernel/errors.js';
import { putPart, type ConninfoParts } from './conninfo-keywords.js';
import { homeOf } from './home.js';

/**
 * What `service=name` stands for: looked for in the file that the connection string or PGSERVICEFILE names, else in
 * ~/.pg_service.conf, then in pg_service.conf of PGSYSCONFDIR (where Debian keeps it, when that is not set).
 */
export function serviceParts(
  name: string,
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): ConninfoParts {
  const own = file ?? join(homeOf(environment), '.pg_service.conf');
  if (file !== undefined && !existsSync(file)) {
    throw new LondisteError('config', `service file not found: ${file}`);
  }
  const shared = join(environment['PGSYSCONFDIR'] ?? '/etc/postgresql-common', 'pg_service.conf');
  for (const path of [own, shared]) {
    const parts = existsSync(path) ? findService(path, name) : undefined;
    if (parts) return parts;
  }
  throw new LondisteError('config', `there is no service [${name}] in ${own} or ${shared}`);
}

function findService(path: string, name: string): ConninfoParts | undefined {
  let parts: ConninfoParts | undefined;
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  for (const [n, line] of lines.entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    if (content.startsWith('[')) {
      if (parts) break;
      if (content === `[${name}]`) parts = new Map();
    } else if (parts) {
      putLine(parts, content, `${path}:${n + 1}`);
    }
  }
  return parts;
}

function putLine(parts: ConninfoParts, content: string, place: string): void {
  const equals = content.indexOf('=');
  if (equals < 1) throw new LondisteError('config', `${place}: expected keyword=value`);
  const keyword = content.slice(0, equals);
  if (keyword === 'service' || keyword === 'servicefile') {
    throw new LondisteError('config', `${place}: a service cannot refer to another one`);
  }
  // The first of two lines counts, as with libpq.
  if (parts.has(keyword)) return;
  putPart(parts, keyword, content.slice(equals + 1), { place: `in ${place}`, secret: true });
}
