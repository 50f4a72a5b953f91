import { parseConninfo } from '../config/conninfo.js';
import { Session, type ConnectSettings } from '../db/session.js';

/**
 * Where and as whom to connect: what `pg` takes, so that a program hands on the object that it has. What is not said
 * comes from the PG* variables, the password file and libpq's defaults.
 */
export interface ConnectionConfig {
  /** In libpq's keyword form or as a `postgresql://` URI; the other fields go before it. */
  readonly connectionString?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly database?: string | undefined;
  readonly password?: string | (() => string | Promise<string>) | undefined;
  readonly ssl?: boolean | object | undefined;
  /** The startup packet's, as in `-c geqo=off`. */
  readonly options?: string | undefined;
  readonly connectionTimeoutMillis?: number | undefined;
}

export type Connection = string | ConnectionConfig;

/** A connection with every default filled in. @throws LondisteError `config` */
export function settingsOf(connection: Connection): ConnectSettings {
  if (typeof connection === 'string') return parseConninfo(connection, process.env);
  const { connectionString, host, port, user, database, password, ssl, options, connectionTimeoutMillis } =
    connection;
  const named = { host, port, user, dbname: database };
  const base = parseConninfo(connectionString ?? keywords(named), process.env);
  return {
    ...base,
    ...present({ host, port, user, database, password, ssl, options }),
    ...(connectionTimeoutMillis === undefined ? {} : { connectTimeoutMs: connectionTimeoutMillis }),
  };
}

function keywords(parts: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([keyword, value]) => `${keyword}='${String(value).replaceAll(/['\\]/g, '\\$&')}'`)
    .join(' ');
}

function present<T extends object>(fields: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** No timeout of the role's or the database's ends a batch that takes long; a handler may set one for its transaction. */
const withoutTimeouts = `select set_config(name, '0', false) from pg_catalog.pg_settings
  where name in ('statement_timeout', 'transaction_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout')`;

export async function connect(
  settings: ConnectSettings,
  side: string,
  applicationName: string,
): Promise<Session> {
  const session = await Session.open(settings, { side, applicationName });
  await session.query(withoutTimeouts);
  return session;
}
