import type { Obsolete, Option, Section } from './option.js';
import { connection, everywhereObsolete, files, jobName, loopDelay, text } from './options-common.js';
import { pgqadmObsolete, pgqadmOptions, pgqdObsolete, pgqdOptions } from './options-ticker.js';

/** The programs. Each reads the section of its own name; pgqadm also `[pgqd]`, where there is none of its own. */
export type Program = 'londiste' | 'pgqadm';

export const sections: readonly Section[] = ['londiste', 'pgqadm', 'pgqd'];

export const programOf: Readonly<Record<Section, Program>> = {
  londiste: 'londiste',
  pgqadm: 'pgqadm',
  pgqd: 'pgqadm',
};

const londisteOptions: readonly Option[] = [
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
];

const londisteObsolete: readonly Obsolete[] = [
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
];

export const optionsOf: Readonly<Record<Section, readonly Option[]>> = {
  londiste: londisteOptions,
  pgqadm: pgqadmOptions,
  pgqd: pgqdOptions,
};

export const obsoleteOf: Readonly<Record<Section, readonly Obsolete[]>> = {
  londiste: londisteObsolete,
  pgqadm: pgqadmObsolete,
  pgqd: pgqdObsolete,
};

/** Sections in which an unknown key is told and passed over: files of pgqd and pgqadm are used with others' keys in them. */
export const toleratesUnknown: Readonly<Record<Section, boolean>> = {
  londiste: false,
  pgqadm: true,
  pgqd: true,
};

/** The environment variable that overrides an option: LONDISTE_LOGFILE, PGQADM_LOOP_DELAY. */
export function environmentName(section: Section, key: string): string {
  return `${section}_${key}`.toUpperCase();
}
