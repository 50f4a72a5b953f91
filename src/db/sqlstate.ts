import { LondisteError, type ErrorKind } from '../kernel/errors.js';

/** A failure as PostgreSQL or the network reports it: the fields of the driver's error that we read. */
export interface ReportedError {
  readonly code?: string;
  readonly message: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly hint?: string;
  readonly where?: string;
}

const byState: Readonly<Record<string, ErrorKind>> = {
  '28000': 'auth',
  '28P01': 'auth',
  '3D000': 'missing-database',
  '57P03': 'starting',
  '57P01': 'unreachable',
  '57P02': 'unreachable',
  '57014': 'cancelled',
  '55P03': 'busy',
  '55006': 'busy',
  '25006': 'refused',
  '42501': 'rights',
  P0001: 'refused',
  LD001: 'fenced',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  ENOENT: 'unreachable',
  EACCES: 'unreachable',
  EPIPE: 'unreachable',
  ETIMEDOUT: 'unreachable',
};

const byClass: Readonly<Record<string, ErrorKind>> = {
  '08': 'unreachable',
  '22': 'data',
  '23': 'data',
  '28': 'auth',
  '40': 'busy',
  '42': 'schema',
  '25': 'refused',
  '53': 'resources',
  '55': 'refused',
  '0A': 'refused',
  '58': 'resources',
};

/** The kind of a failure by its SQLSTATE or its system error code; where the server gives one, nothing decides by message text. */
export function kindOf(code: string | undefined): ErrorKind {
  if (code === undefined) return 'bug';
  return byState[code] ?? byClass[code.slice(0, 2)] ?? 'bug';
}

/**
 * A failure of the driver as one of ours. `where` names the server for the reader, like `provider foo at
 * 127.0.0.1:5432`. The message of a data error can hold a value of a row, so for that class it is put together from
 * names instead.
 */
export function asDatabaseError(thrown: unknown, where: string): LondisteError {
  if (thrown instanceof LondisteError) return thrown;
  const reported = thrown as ReportedError;
  const kind = isConnectionLoss(reported) ? 'unreachable' : kindOf(reported.code);
  const message = isConnectionLoss(reported)
    ? 'the connection was lost'
    : kind === 'data'
      ? withoutValues(reported)
      : reported.message;
  return new LondisteError(kind, `${where}: ${message}`, {
    cause: thrown,
    sqlstate: reported.code,
    hint: reported.hint,
  });
}

function withoutValues({ code, schema, table, column, constraint }: ReportedError): string {
  const names = [
    table === undefined ? undefined : `table ${schema ?? 'public'}.${table}`,
    column === undefined ? undefined : `column ${column}`,
    constraint === undefined ? undefined : `constraint ${constraint}`,
  ].filter((name) => name !== undefined);
  return `the server refused a value (SQLSTATE ${code ?? 'unknown'})${names.length > 0 ? `: ${names.join(', ')}` : ''}`;
}

/**
 * A failure to connect that the driver itself reports: it gives no code for a password that it was not given or a server
 * without TLS, and Node's codes for certificates.
 */
export function asConnectError(thrown: unknown, where: string): LondisteError {
  const { code, message } = thrown as ReportedError;
  if (code === undefined && message.startsWith('SASL')) {
    return new LondisteError('auth', `${where}: the server asks for a password and none was given`, {
      cause: thrown,
    });
  }
  const isTls = code === undefined ? message.includes('SSL') : /CERT|TLS|SSL|SIGNATURE/.test(code);
  if (isTls) {
    return new LondisteError('config', `${where}: no encrypted connection: ${message}`, {
      cause: thrown,
      hint: 'check sslmode and sslrootcert of the connection string, and the certificate of the server',
    });
  }
  return asDatabaseError(thrown, where);
}

/** The driver reports a connection that ended under it without any code. */
function isConnectionLoss(reported: ReportedError): boolean {
  return (
    reported.code === undefined &&
    [
      'Connection terminated unexpectedly',
      'Connection terminated',
      'Client has encountered a connection error and is not queryable',
      'Client was closed and is not queryable',
      'timeout expired',
    ].includes(reported.message)
  );
}
