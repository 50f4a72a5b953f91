import { LondisteError } from '../kernel/errors.js';
import { didYouMean } from '../kernel/suggest.js';

/** The parts of a connection string by libpq's keyword. */
export type ConninfoParts = Map<string, string>;

/** libpq's keywords that we act on, each with the environment variable that stands in for it where there is one. */
const used: Readonly<Record<string, string | undefined>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  servicefile: 'PGSERVICEFILE',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: undefined,
};

/** Accepted without effect: the daemons name themselves, speak UTF-8, and keep their connections alive as they need it. */
const harmless = [
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'sslcompression',
  'sslsni',
  'krbsrvname',
  'gsslib',
  'gssdelegation',
];

/**
 * Keywords that promise something which the driver cannot keep, with the values under which there is nothing to keep.
 * Any other value is refused: to ignore it would connect less safely, or to another server, than was asked for.
 */
const limited: Readonly<Record<string, { values: readonly string[]; environment?: string }>> = {
  channel_binding: { values: ['disable', 'prefer'], environment: 'PGCHANNELBINDING' },
  gssencmode: { values: ['disable', 'prefer'], environment: 'PGGSSENCMODE' },
  load_balance_hosts: { values: ['disable'], environment: 'PGLOADBALANCEHOSTS' },
  replication: { values: ['false', 'off', 'no', '0'] },
  require_auth: { values: [], environment: 'PGREQUIREAUTH' },
  requirepeer: { values: [], environment: 'PGREQUIREPEER' },
  requiressl: { values: ['0'], environment: 'PGREQUIRESSL' },
  ssl_max_protocol_version: { values: ['TLSv1.3'], environment: 'PGSSLMAXPROTOCOLVERSION' },
  ssl_min_protocol_version: {
    values: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
    environment: 'PGSSLMINPROTOCOLVERSION',
  },
  sslcertmode: { values: ['allow'], environment: 'PGSSLCERTMODE' },
  sslcrl: { values: [], environment: 'PGSSLCRL' },
  sslcrldir: { values: [], environment: 'PGSSLCRLDIR' },
  sslnegotiation: { values: ['postgres'], environment: 'PGSSLNEGOTIATION' },
  target_session_attrs: { values: ['any'], environment: 'PGTARGETSESSIONATTRS' },
};

const known: readonly string[] = [...Object.keys(used), ...harmless, ...Object.keys(limited)];

/**
 * Puts one `keyword = value` into `parts`, the last one winning as with libpq. `place` says where the keyword stands;
 * it is named instead of the keyword when `secret` is set, because after an unquoted blank in a password the rest of
 * the password looks like a keyword.
 */
export function putPart(
  parts: ConninfoParts,
  keyword: string,
  value: string,
  { place, secret }: { place: string; secret: boolean },
): void {
  if (!known.includes(keyword)) {
    const which = secret ? `unknown keyword ${place}` : `unknown keyword "${keyword}"`;
    throw new LondisteError('config', `${which} in the connection string${didYouMean(keyword, known)}`);
  }
  parts.set(keyword, value);
}

/** Fills in from the environment what the parts do not say. */
export function addEnvironment(parts: ConninfoParts, environment: NodeJS.ProcessEnv): void {
  const limits = Object.entries(limited).map(([keyword, limit]) => [keyword, limit.environment] as const);
  for (const [keyword, variable] of [...Object.entries(used), ...limits]) {
    const value = variable === undefined ? undefined : environment[variable];
    if (value !== undefined && value !== '' && !parts.has(keyword)) parts.set(keyword, value);
  }
}

/** Refuses what the driver cannot do. */
export function refuseLimited(parts: ConninfoParts): void {
  for (const [keyword, { values }] of Object.entries(limited)) {
    const value = parts.get(keyword);
    if (value === undefined || value === '' || values.includes(value)) continue;
    const allowed = values.length === 0 ? 'leave it out' : `expected ${values.join(' or ')}, or leave it out`;
    throw new LondisteError('config', `${keyword}=${value} is not supported here: ${allowed}`);
  }
}
