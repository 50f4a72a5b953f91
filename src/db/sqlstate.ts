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
  readonly detail?: string;
  readonly where?: string;
}

const byState: Readonly<Record<string, ErrorKind>> = {
  '3D000': 'missing-database',
  // Whatever a class is, where single states of it are another thing.
  '25006': 'read-only',
  // Idle in transaction for too long: the server has ended the session.
  '25P03': 'unreachable',
  '25P04': 'cancelled',
  '42501': 'rights',
  '42601': 'bug',
  '55P03': 'busy',
  '55006': 'busy',
  '57014': 'cancelled',
  '57P01': 'unreachable',
  '57P02': 'unreachable',
  '57P03': 'starting',
  '57P04': 'unreachable',
  '57P05': 'unreachable',
  XX001: 'damaged',
  XX002: 'damaged',
  // Our own: see lock_position.sql and hold_events.sql.
  LD001: 'fenced',
  LD002: 'refused',
  ECONNABORTED: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  ENOENT: 'unreachable',
  EACCES: 'unreachable',
  EPIPE: 'unreachable',
  ETIMEDOUT: 'unreachable',
  // What Node says of a COPY whose connection went away under it.
  ERR_STREAM_PREMATURE_CLOSE: 'unreachable',
  ERR_STREAM_DESTROYED: 'unreachable',
  ERR_STREAM_WRITE_AFTER_END: 'unreachable',
};

/**
 * By class. It decides what becomes of a table while changes are applied, so it parts what lies in the rows or in the
 * table's definition (`data`, `schema`, `rights`), what the subscriber's own triggers may raise (`refused`), and what
 * concerns the server as a whole and passes.
 */
const byClass: Readonly<Record<string, ErrorKind>> = {
  '08': 'unreachable',
  '09': 'refused', // triggered action exception
  '0A': 'refused',
  '0L': 'rights',
  '0P': 'rights',
  '22': 'data',
  '23': 'data',
  '25': 'bug',
  '27': 'refused', // a row that is to be written was changed by a trigger of the same statement
  '28': 'auth',
  '2B': 'schema',
  '2D': 'refused', // COMMIT in a trigger
  '2F': 'refused', // functions in SQL
  '38': 'refused', // functions in other languages
  '39': 'refused',
  '3F': 'schema',
  '40': 'busy',
  '42': 'schema',
  '44': 'data', // WITH CHECK OPTION of a view
  '53': 'resources',
  '54': 'data', // index row too large, statement too complex: no retry makes the row smaller
  '55': 'refused',
  '57': 'cancelled',
  '58': 'resources',
  '72': 'busy', // snapshot too old
  HV: 'refused', // foreign data
  P0: 'refused', // PL/pgSQL
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
    key: rowIn(reported),
  });
}

/**
 * What the server tells of the row that an error belongs to: `(id)=(17)` or the row itself for a constraint, what
 * follows the line number for a COPY. Found by its form, since its words are in the server's language.
 */
function rowIn({ code, detail, where }: ReportedError): string | undefined {
  const ofConstraint = code?.startsWith('23') === true ? /\(.*\)/s.exec(detail ?? '')?.[0] : undefined;
  return ofConstraint ?? /^COPY .*?, \S+ \d+[,:] (.*)$/m.exec(where ?? '')?.[1];
}

function withoutValues({ code, schema, table, column, constraint, where }: ReportedError): string {
  const refusing = column ?? /^COPY .*?, \S+ \d+, \S+ (.*?): /m.exec(where ?? '')?.[1];
  const names = [
    table === undefined ? undefined : `table ${schema ?? 'public'}.${table}`,
    refusing === undefined ? undefined : `column ${refusing}`,
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
