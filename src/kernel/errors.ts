/**
 * Every failure of the program is a `LondisteError` of one kind, and every kind has a line in `failures`: what a
 * daemon does about it, what it does with the table that it belongs to, and what the operator reads. The table has no
 * default branch, so a new kind does not compile until someone decides.
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
  | 'read-only'
  | 'busy'
  | 'resources'
  | 'rights'
  | 'schema'
  | 'not-in-set'
  | 'data'
  | 'damaged'
  | 'lost-position'
  | 'fenced'
  | 'cancelled'
  | 'bug';

/** What a daemon does with a failure: try again with growing pauses, or end with the message. */
export type Reaction = 'retry' | 'stop';

/**
 * What becomes of a table whose error it is: `park` takes it out of the stream until an operator has mended what is
 * wrong, `retry` tries again because it passes by itself or concerns the whole server, `stop` ends the daemon.
 */
export type TableReaction = 'park' | 'retry' | 'stop';

export interface Failure {
  readonly reaction: Reaction;
  readonly table: TableReaction;
  /** What to do about it when the error brings no better hint of its own. */
  readonly advice: string;
}

export const failures: Readonly<Record<ErrorKind, Failure>> = {
  usage: { reaction: 'stop', table: 'stop', advice: 'run the command with --help' },
  config: { reaction: 'stop', table: 'stop', advice: 'correct the configuration file' },
  // A daemon meets one when a trigger of the subscriber's own raises.
  refused: { reaction: 'retry', table: 'park', advice: 'do what the message says and try again' },
  unreachable: {
    reaction: 'retry',
    table: 'retry',
    advice: 'check that the server runs and that host and port are right',
  },
  starting: { reaction: 'retry', table: 'retry', advice: 'wait until the server accepts connections' },
  auth: {
    reaction: 'stop',
    table: 'stop',
    advice: 'check user and password (connection string, PGPASSWORD, ~/.pgpass) and pg_hba.conf',
  },
  'missing-database': {
    reaction: 'stop',
    table: 'stop',
    advice: 'create the database or correct dbname',
  },
  outdated: { reaction: 'stop', table: 'stop', advice: 'use the newer version of the program here too' },
  'old-server': { reaction: 'stop', table: 'stop', advice: 'use PostgreSQL 14 or later' },
  // The whole server, as after a failover: no table is to blame, and it may be writable again in a moment.
  'read-only': {
    reaction: 'retry',
    table: 'retry',
    advice: 'connect to the primary, or make the server writable again',
  },
  busy: {
    reaction: 'retry',
    table: 'retry',
    advice: 'another session held a lock or changed the same rows; it is tried again',
  },
  resources: {
    reaction: 'retry',
    table: 'retry',
    advice: 'free disk space, memory or connections on that server',
  },
  rights: { reaction: 'retry', table: 'park', advice: 'grant the right that the message names' },
  schema: {
    reaction: 'retry',
    table: 'park',
    advice: 'make the table on the subscriber fit the one on the provider, or remove it',
  },
  // Mended on the provider, where nobody would think of typing something for the subscriber too.
  'not-in-set': {
    reaction: 'retry',
    table: 'retry',
    advice: 'londiste ... provider add TABLE, or subscriber remove TABLE',
  },
  data: {
    reaction: 'retry',
    table: 'park',
    advice: 'compare the row on both sides, and make the subscriber take what the provider has',
  },
  damaged: {
    reaction: 'retry',
    table: 'park',
    advice: 'the server found a damaged table or index: REINDEX TABLE, or restore it, and check its disk',
  },
  'lost-position': {
    reaction: 'stop',
    table: 'stop',
    advice: 'londiste ... subscriber unregister, then subscriber register: every table is copied anew',
  },
  fenced: {
    reaction: 'stop',
    table: 'stop',
    advice: 'another replay serves this subscription now; stop one of the two',
  },
  cancelled: { reaction: 'retry', table: 'retry', advice: 'the statement was cancelled; it is tried again' },
  bug: { reaction: 'retry', table: 'park', advice: 'please report this with the log' },
};

export interface ErrorDetails {
  /** What to type or do next. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Five characters, where a server reported the failure. */
  readonly sqlstate?: string | undefined;
  /** The replicated table that it belongs to, by its name in the set. */
  readonly table?: string | undefined;
  /** The key of the row that it belongs to, where known. Never written to a log: it is data. */
  readonly key?: string | undefined;
  /** Whether only a new copy of the table mends it: its events can never be applied. */
  readonly needsCopy?: boolean | undefined;
}

export class LondisteError extends Error {
  override readonly name = 'LondisteError';
  readonly kind: ErrorKind;
  readonly hint: string;
  readonly sqlstate: string | undefined;
  readonly table: string | undefined;
  readonly key: string | undefined;
  readonly needsCopy: boolean;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.hint = details.hint ?? failures[kind].advice;
    this.sqlstate = details.sqlstate;
    this.table = details.table;
    this.key = details.key;
    this.needsCopy = details.needsCopy ?? false;
  }

  /** The same failure, said of a table. */
  of(table: string): LondisteError {
    if (this.table !== undefined) return this;
    // Some messages name their table already.
    const message = this.message.startsWith(`table ${table} `)
      ? this.message
      : `table ${table}: ${this.message}`;
    return this.#with(message, { table });
  }

  /** The same failure, with the key of the row that it befell, in place of what the server says of the row. */
  at(key: string): LondisteError {
    return this.#with(this.message, { key });
  }

  #with(message: string, more: ErrorDetails): LondisteError {
    const { kind, hint, sqlstate, cause, table, key, needsCopy } = this;
    return new LondisteError(kind, message, { hint, sqlstate, cause, table, key, needsCopy, ...more });
  }

  get reaction(): Reaction {
    return failures[this.kind].reaction;
  }

  /** Whether a table is parked for it, once it is known which. */
  get liesInTable(): boolean {
    return failures[this.kind].table === 'park';
  }

  /** What becomes of the table that it belongs to; nothing where it belongs to none. */
  get tableReaction(): TableReaction | undefined {
    return this.table === undefined ? undefined : failures[this.kind].table;
  }
}

/** Any thrown thing as one of ours; what is not ours already is a bug until someone classifies it. */
export function asLondisteError(thrown: unknown): LondisteError {
  if (thrown instanceof LondisteError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LondisteError('bug', message, { cause: thrown });
}
