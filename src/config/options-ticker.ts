import type { Obsolete, Option } from './option.js';
import { connection, everywhereObsolete, files, jobName, loopDelay, text } from './options-common.js';

function seconds(
  key: string,
  { least, most }: { least: number; most: number },
  more: Pick<Option, 'default' | 'help' | 'aliases'>,
): Option {
  return { key, type: { kind: 'seconds', least, most }, ...more };
}

const retryPeriod = seconds(
  'retry_period',
  { least: 1, most: 86_400 },
  { default: '30', help: 'seconds between two looks for events whose time to be sent again has come' },
);

/** `[pgqadm]`: the ticker of one database, and the commands about it. */
export const pgqadmOptions: readonly Option[] = [
  { ...jobName, example: 'ticker' },
  {
    key: 'db',
    type: connection,
    required: true,
    example: 'dbname=foo host=127.0.0.1 port=5432 user=me',
    help: 'the database whose queues are served; keep passwords in ~/.pgpass',
  },
  seconds(
    'maint_delay',
    { least: 1, most: 86_400 },
    {
      default: '300',
      aliases: [{ key: 'maint_delay_min', times: 60, unset: '-1' }],
      help: 'seconds between two runs of maintenance (maint_delay_min takes minutes)',
    },
  ),
  retryPeriod,
  loopDelay('0.1', 'seconds between two looks for new events, at most'),
  seconds(
    'ticker_log_delay',
    { least: 0, most: 86_400 },
    { default: '30', help: 'seconds between two lines of statistics; 0 is none' },
  ),
  ...files,
];

/** `[pgqd]`: the ticker of several databases of one server. */
export const pgqdOptions: readonly Option[] = [
  jobName,
  {
    key: 'base_connstr',
    type: connection,
    example: 'host=127.0.0.1 port=5432 user=me',
    help: 'where the server is, without a database; keep passwords in ~/.pgpass',
  },
  {
    key: 'initial_database',
    type: text,
    default: 'template1',
    help: 'the database that is asked which others there are',
  },
  {
    key: 'database_list',
    type: text,
    help: 'the databases to serve, with commas between them; without it all of the server that have queues',
  },
  seconds(
    'check_period',
    { least: 0.1, most: 86_400 },
    { default: '60', help: 'seconds between two looks for databases that have come, gone, or got queues' },
  ),
  seconds(
    'ticker_period',
    { least: 0.001, most: 3600 },
    { default: '1', help: 'seconds between two looks for new events in one database, at most' },
  ),
  seconds(
    'maint_period',
    { least: 1, most: 86_400 },
    { default: '120', help: 'seconds between two runs of maintenance in one database' },
  ),
  retryPeriod,
  seconds(
    'stats_period',
    { least: 0, most: 86_400 },
    {
      default: '30',
      help: 'seconds between two lines of statistics, and between two lines about what still fails; 0 is none',
    },
  ),
  seconds(
    'connection_lifetime',
    { least: 0, most: 1e8 },
    { default: '3600', help: 'seconds after which a connection is made anew; 0 is never' },
  ),
  ...files,
];

export const pgqadmObsolete: readonly Obsolete[] = [...everywhereObsolete, { key: 'queue_refresh_period' }];

export const pgqdObsolete: readonly Obsolete[] = [
  ...everywhereObsolete.filter(({ key }) => key !== 'connection_lifetime'),
  { key: 'syslog', silent: ['0'] },
  { key: 'syslog_ident' },
  { key: 'syslog_facility' },
];
