/** The programs, which are the names of their sections in an INI file too. */
export type Program = 'londiste' | 'pgqadm';

export const programs: readonly Program[] = ['londiste', 'pgqadm'];

/** How a value is written, and what `parseValue` makes of it. */
export type Kind =
  | { readonly kind: 'text' }
  /** A file name; `~/` is the home directory, a relative one is taken from where the program is called. */
  | { readonly kind: 'path' }
  | { readonly kind: 'integer'; readonly least: number; readonly most: number }
  /** Written in seconds, handed on in milliseconds. */
  | { readonly kind: 'seconds'; readonly least: number; readonly most: number }
  /** Written as bytes, or with a unit: `64kB`, `32MB`, `1GB`; handed on in bytes. */
  | { readonly kind: 'bytes'; readonly least: string; readonly most: string }
  /** Bytes a second: `20MB/s`; handed on in bytes, `none` as 0. */
  | { readonly kind: 'rate' }
  /** A time with its unit: `10s`, `500ms`, `2min`; handed on in milliseconds, `none` as 0. */
  | { readonly kind: 'duration' }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  /** A libpq connection string. */
  | { readonly kind: 'connection' };

/** Another name of an option, as an older program had it. */
export interface Alias {
  readonly key: string;
  /** The value under this name is in a unit this many times as large. */
  readonly times?: number;
  /** The value that means "not set" under this name. */
  readonly unset?: string;
}

/** One setting: the INI file, the environment, `--set`, the samples and all messages take it from here. */
export interface Option {
  readonly key: string;
  readonly type: Kind;
  /** What holds when it is not set, as it would be written; `%(name)s` as in a file. Not there: nothing, or required. */
  readonly default?: string;
  readonly required?: true;
  readonly aliases?: readonly Alias[];
  /** One line for the sample file. */
  readonly help: string;
  /** What the sample file shows in place of the default. */
  readonly example?: string;
}

/** A key of Skytools that has no use here: it is accepted, and a note says that it does nothing. */
export interface Obsolete {
  readonly key: string;
  /** Values under which there is nothing to note. */
  readonly silent?: readonly string[];
  /** Why any other value is refused, where to ignore it would do something else than was asked for. */
  readonly refusal?: string;
}

const text: Kind = { kind: 'text' };
const path: Kind = { kind: 'path' };
const connection: Kind = { kind: 'connection' };

const jobName: Option = {
  key: 'job_name',
  type: text,
  default: '%(service_name)s',
  help: 'name of this daemon in logs and in pg_stat_activity; %(job_name)s stands for it below',
};

const files: readonly Option[] = [
  {
    key: 'logfile',
    type: path,
    example: '%(job_name)s.log',
    help: 'where the daemon logs to; without it to standard error',
  },
  {
    key: 'log_size',
    type: { kind: 'integer', least: 1024, most: 1e12 },
    default: '10485760',
    help: 'bytes after which the log file is put aside',
  },
  {
    key: 'log_count',
    type: { kind: 'integer', least: 1, most: 1000 },
    default: '3',
    help: 'how many log files put aside are kept',
  },
  {
    key: 'log_format',
    type: { kind: 'choice', of: ['text', 'json'] },
    default: 'text',
    help: 'text: lines for people; json: one object a line for programs',
  },
  {
    key: 'pidfile',
    type: path,
    example: '%(job_name)s.pid',
    help: 'holds the id of the running daemon; -d, -s, -k and -r need it',
  },
];

function loopDelay(seconds: string, help: string): Option {
  return { key: 'loop_delay', type: { kind: 'seconds', least: 0.001, most: 3600 }, default: seconds, help };
}

export const optionsOf: Readonly<Record<Program, readonly Option[]>> = {
  londiste: [
    { ...jobName, example: 'replica' },
    {
      key: 'provider_db',
      type: connection,
      required: true,
      example: 'dbname=foo host=127.0.0.1 port=5432 user=me',
      help: 'the database that is replicated; keep passwords in ~/.pgpass',
    },
    {
      key: 'subscriber_db',
      type: connection,
      required: true,
      example: 'dbname=foo host=127.0.0.1 port=5433 user=me',
      help: 'the database that gets the changes',
    },
    {
      key: 'pgq_queue_name',
      type: text,
      required: true,
      aliases: [{ key: 'queue_name' }],
      example: 'londiste.write',
      help: 'the queue on the provider that the changes go through',
    },
    {
      key: 'pgq_consumer_id',
      type: text,
      default: '%(job_name)s',
      aliases: [{ key: 'consumer_name' }],
      help: 'the name that this subscriber has on the queue; each one needs its own',
    },
    ...files,
    loopDelay('1', 'seconds between two looks for a new batch when no notification comes'),
    {
      key: 'lock_timeout',
      type: { kind: 'seconds', least: 0, most: 3600 },
      default: '10',
      help: 'seconds that replay and copies wait for a lock before they try again later; 0 waits for ever',
    },
    {
      key: 'replay_memory',
      type: { kind: 'bytes', least: '64kB', most: '16GB' },
      default: '16MB',
      help: 'memory for changes that are read and not applied yet; larger batches are applied in pieces, in one transaction',
    },
    {
      key: 'statement_timeout',
      type: { kind: 'seconds', least: 0, most: 86_400 },
      default: '0',
      help: 'seconds that one statement of replay may run; 0 is no limit',
    },
    {
      key: 'parallel_copies',
      type: { kind: 'integer', least: 1, most: 64 },
      default: '4',
      help: 'how many tables are copied at once; each takes two connections to the provider and one to the subscriber',
    },
    {
      key: 'copy_connections',
      type: { kind: 'integer', least: 1, most: 64 },
      default: '2',
      help: 'connections to each server over which the rows of one large table are copied',
    },
    {
      key: 'copy_range_size',
      type: { kind: 'bytes', least: '64kB', most: '1024GB' },
      default: '64MB',
      help: 'how much of a table is copied in one transaction; a larger table is copied in ranges, and its indexes are built after the rows',
    },
    {
      key: 'copy_snapshot',
      type: { kind: 'choice', of: ['table', 'range'] },
      default: 'table',
      help: 'table: all of a table is read in one transaction of the provider; range: none there is open longer than a range takes',
    },
    {
      key: 'compare_hold',
      type: { kind: 'seconds', least: 0.1, most: 3600 },
      default: '30',
      help: 'seconds that compare and repair keep a snapshot of both sides at a time; what is not read by then is read at a later tick',
    },
    {
      key: 'compare_wait',
      type: { kind: 'seconds', least: 0.01, most: 60 },
      default: '2',
      help: 'seconds that replay waits for a compare at a tick, at most; it is a round trip unless the compare has died',
    },
    {
      key: 'copy_max_rate',
      type: { kind: 'rate' },
      default: 'none',
      help: 'how fast one table is copied at most, like 20MB/s; subscriber resync --max-rate says otherwise for a table',
    },
    {
      key: 'copy_pause_lag',
      type: { kind: 'duration' },
      default: 'none',
      help: 'copies wait while replay is further behind than this, like 10s; subscriber resync --pause-lag says otherwise for a table',
    },
  ],
  pgqadm: [
    { ...jobName, example: 'ticker' },
    {
      key: 'db',
      type: connection,
      required: true,
      example: 'dbname=foo host=127.0.0.1 port=5432 user=me',
      help: 'the database whose queues are served; keep passwords in ~/.pgpass',
    },
    {
      key: 'maint_delay',
      type: { kind: 'seconds', least: 1, most: 86_400 },
      default: '300',
      aliases: [{ key: 'maint_delay_min', times: 60, unset: '-1' }],
      help: 'seconds between two runs of maintenance (maint_delay_min takes minutes)',
    },
    loopDelay('0.1', 'seconds between two looks for new events, at most'),
    ...files,
  ],
};

const everywhereObsolete: readonly Obsolete[] = [
  { key: 'use_skylog', silent: ['0'] },
  { key: 'skylog_locations' },
  { key: 'connection_lifetime' },
  { key: 'exception_sleep' },
  { key: 'pgq_autocommit' },
];

export const obsoleteOf: Readonly<Record<Program, readonly Obsolete[]>> = {
  londiste: [
    ...everywhereObsolete,
    { key: 'pgq_lazy_fetch', silent: ['0'] },
    { key: 'maint_delay' },
    { key: 'mirror_queue', silent: [''] },
    { key: 'compare_sql' },
    {
      key: 'fake',
      silent: ['', '0'],
      refusal: 'dry runs are not supported, so the commands would do what they say',
    },
    { key: 'method', silent: ['', 'direct'], refusal: 'batches are applied directly only' },
    { key: 'file_src', silent: [''] },
    { key: 'file_dst', silent: [''] },
  ],
  pgqadm: [...everywhereObsolete, { key: 'ticker_log_delay' }, { key: 'queue_refresh_period' }],
};

/** The environment variable that overrides an option: LONDISTE_LOGFILE, PGQADM_LOOP_DELAY. */
export function environmentName(program: Program, key: string): string {
  return `${program}_${key}`.toUpperCase();
}
