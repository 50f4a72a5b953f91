import type { Kind, Obsolete, Option } from './option.js';

export const text: Kind = { kind: 'text' };
const path: Kind = { kind: 'path' };
export const connection: Kind = { kind: 'connection' };

export const jobName: Option = {
  key: 'job_name',
  type: text,
  default: '%(service_name)s',
  help: 'name of this daemon in logs and in pg_stat_activity; %(job_name)s stands for it below',
};

export const files: readonly Option[] = [
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

export function loopDelay(seconds: string, help: string): Option {
  return { key: 'loop_delay', type: { kind: 'seconds', least: 0.001, most: 3600 }, default: seconds, help };
}

/** Keys of Skytools' scripts that no program here has a use for. */
export const everywhereObsolete: readonly Obsolete[] = [
  { key: 'use_skylog', silent: ['0'] },
  { key: 'skylog_locations' },
  { key: 'connection_lifetime' },
  { key: 'exception_sleep' },
  { key: 'pgq_autocommit' },
];
