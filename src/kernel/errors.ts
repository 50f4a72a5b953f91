/**
 * Every failure of the program is a `LondisteError` of one kind, and every kind has a line in `failures`: what a
 * daemon does about it and what the operator reads. The table has no default branch, so a new kind does not compile
 * until someone decides.
 */
export type ErrorKind =
  | 'usage'
  | 'config'
  | 'refused'
  | 'unreachable'
  | 'starting'
  | 'auth'
  | 'missing-database'
  | 'old-server'
  | 'outdated'
  | 'busy'
  | 'resources'
  | 'rights'
  | 'schema'
  | 'data'
  | 'lost-position'
  | 'fenced'
  | 'cancelled'
  | 'bug';

/** What a daemon does with a failure: try again with growing pauses, or end with the message. */
export type Reaction = 'retry' | 'stop';

export interface Failure {
  readonly reaction: Reaction;
  /** What to do about it when the error brings no better hint of its own. */
  readonly advice: string;
}

export const failures: Readonly<Record<ErrorKind, Failure>> = {
  usage: { reaction: 'stop', advice: 'run the command with --help' },
  config: { reaction: 'stop', advice: 'correct the configuration file' },
  // A daemon meets one when a server is read-only for a while, or a trigger of the subscriber's own raises.
  refused: { reaction: 'retry', advice: 'do what the message says and run the command again' },
  unreachable: { reaction: 'retry', advice: 'check that the server runs and that host and port are right' },
  starting: { reaction: 'retry', advice: 'wait until the server accepts connections' },
  auth: {
    reaction: 'stop',
    advice: 'check user and password (connection string, PGPASSWORD, ~/.pgpass) and pg_hba.conf',
  },
  'missing-database': { reaction: 'stop', advice: 'create the database or correct dbname' },
  outdated: { reaction: 'stop', advice: 'use the newer version of the program here too' },
  'old-server': { reaction: 'stop', advice: 'use PostgreSQL 14 or later' },
  busy: {
    reaction: 'retry',
    advice: 'another session held a lock or changed the same rows; it is tried again',
  },
  resources: { reaction: 'retry', advice: 'free disk space, memory or connections on that server' },
  rights: { reaction: 'retry', advice: 'grant the right that the message names' },
  schema: {
    reaction: 'retry',
    advice: 'make the table on the subscriber fit the one on the provider, or remove it',
  },
  data: {
    reaction: 'retry',
    advice: 'compare the row on both sides; londiste … subscriber resync TABLE copies the table anew',
  },
  'lost-position': {
    reaction: 'stop',
    advice: 'londiste … subscriber unregister, then subscriber register: every table is copied anew',
  },
  fenced: { reaction: 'stop', advice: 'another replay serves this subscription now; stop one of the two' },
  cancelled: { reaction: 'retry', advice: 'the statement was cancelled; it is tried again' },
  bug: { reaction: 'retry', advice: 'please report this with the log' },
};

export interface ErrorDetails {
  /** What to type or do next. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Five characters, where a server reported the failure. */
  readonly sqlstate?: string | undefined;
  /** The replicated table that it belongs to, by its name in the set. */
  readonly table?: string | undefined;
}

export class LondisteError extends Error {
  override readonly name = 'LondisteError';
  readonly kind: ErrorKind;
  readonly hint: string;
  readonly sqlstate: string | undefined;
  readonly table: string | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.hint = details.hint ?? failures[kind].advice;
    this.sqlstate = details.sqlstate;
    this.table = details.table;
  }

  /** The same failure, said of a table. */
  of(table: string): LondisteError {
    if (this.table !== undefined) return this;
    const { kind, hint, sqlstate, cause } = this;
    return new LondisteError(kind, `table ${table}: ${this.message}`, { hint, sqlstate, cause, table });
  }

  get reaction(): Reaction {
    return failures[this.kind].reaction;
  }
}

/** Any thrown thing as one of ours; what is not ours already is a bug until someone classifies it. */
export function asLondisteError(thrown: unknown): LondisteError {
  if (thrown instanceof LondisteError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LondisteError('bug', message, { cause: thrown });
}
