import { LondisteError } from '../kernel/errors.js';
import type { Conninfo, ConnectSettings, LibpqConnection } from './conninfo.js';
import { readConfigFile } from './locate.js';
import type { Section } from './option.js';
import type { Program } from './options.js';
import { Resolver } from './resolve.js';

/** What both programs' daemons and commands need to know. */
export interface CommonSettings {
  /** The file that was read, as it was named. */
  readonly configPath: string;
  readonly jobName: string;
  /** Absolute, as is `pidfile`; not there: standard error. */
  readonly logfile?: string;
  /** Bytes. */
  readonly logSize: number;
  readonly logCount: number;
  readonly logFormat: 'text' | 'json';
  readonly pidfile?: string;
  readonly loopDelayMs: number;
  /** Sentences for whoever starts the program: nothing is wrong, and yet they should know. */
  readonly warnings: readonly string[];
}

/** The section `[londiste]`. */
export interface LondisteSettings extends CommonSettings {
  readonly provider: ConnectSettings;
  readonly providerLibpq: LibpqConnection;
  readonly subscriber: ConnectSettings;
  readonly subscription: { readonly queue: string; readonly consumer: string };
  /** 0 for none. */
  readonly lockTimeoutMs: number;
  readonly memoryBytes: number;
  /** 0 for none. */
  readonly statementTimeoutMs: number;
  readonly parallelCopies: number;
  readonly copyConnections: number;
  readonly copyRangeBytes: number;
  readonly copySnapshot: 'table' | 'range';
  readonly compareHoldMs: number;
  readonly compareWaitMs: number;
  readonly copyMaxRate: number;
  readonly copyPauseLagMs: number;
}

/** The sections `[pgqadm]`, about one database, and `[pgqd]`, about several of one server. */
export type PgqadmSettings = TickerSettings & (OneDatabase | DatabasesOfServer);

/** How the ticker runs in each database that it serves. */
interface TickerSettings extends CommonSettings {
  readonly maintDelayMs: number;
  readonly retryPeriodMs: number;
  /** 0 for none. */
  readonly statsPeriodMs: number;
}

interface OneDatabase {
  readonly database: ConnectSettings;
  readonly server?: undefined;
}

interface DatabasesOfServer {
  readonly database?: undefined;
  readonly server: ServerSettings;
}

export interface ServerSettings {
  /** A connection string without a database; may hold a password. */
  readonly connstr: string;
  readonly initialDatabase: string;
  /** Empty for all that have queues. */
  readonly databases: readonly string[];
  readonly checkPeriodMs: number;
  /** 0 for ever. */
  readonly connectionLifetimeMs: number;
}

interface SettingsOf {
  readonly londiste: LondisteSettings;
  readonly pgqadm: PgqadmSettings;
}

export interface LoadRequest<P extends Program> {
  readonly program: P;
  /** The CONFIG argument; without it the file is looked for. */
  readonly path?: string | undefined;
  /** What `--set` gave: `key=value`. */
  readonly overrides?: readonly string[] | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Reads a program's settings: `--set` before environment before file before default. Throws a `LondisteError` of kind
 * `config` whose message has a line for everything that is wrong with the file.
 */
export function loadConfig<P extends Program>(request: LoadRequest<P>): SettingsOf[P] {
  const { program, path, overrides = [], environment } = request;
  const file = readConfigFile(program, path, environment);
  const { section, values, faults, warnings } = new Resolver({
    program,
    file,
    overrides,
    environment,
  }).resolve();
  if (faults.length > 0) throw new LondisteError('config', faults.join('\n'));
  return builders[program](new Values(values), { configPath: file.path, warnings, section });
}

interface About {
  readonly configPath: string;
  readonly warnings: string[];
  readonly section: Section;
}

const builders: {
  readonly [P in Program]: (values: Values, about: About) => SettingsOf[P];
} = {
  londiste: (values, about) => ({
    ...common(values, about),
    loopDelayMs: values.number('loop_delay'),
    provider: values.conninfo('provider_db').settings,
    providerLibpq: values.conninfo('provider_db').libpq,
    subscriber: values.conninfo('subscriber_db').settings,
    subscription: { queue: values.text('pgq_queue_name'), consumer: values.text('pgq_consumer_id') },
    lockTimeoutMs: values.number('lock_timeout'),
    memoryBytes: values.number('replay_memory'),
    statementTimeoutMs: values.number('statement_timeout'),
    parallelCopies: values.number('parallel_copies'),
    copyConnections: values.number('copy_connections'),
    copyRangeBytes: values.number('copy_range_size'),
    copyMaxRate: values.number('copy_max_rate'),
    copyPauseLagMs: values.number('copy_pause_lag'),
    copySnapshot: values.text('copy_snapshot') === 'range' ? 'range' : 'table',
    compareHoldMs: values.number('compare_hold'),
    compareWaitMs: values.number('compare_wait'),
  }),
  pgqadm: (values, about) => (about.section === 'pgqd' ? ofServer(values, about) : ofDatabase(values, about)),
};

function ofDatabase(values: Values, about: About): PgqadmSettings {
  return {
    ...common(values, about),
    loopDelayMs: values.number('loop_delay'),
    database: values.conninfo('db').settings,
    maintDelayMs: values.number('maint_delay'),
    retryPeriodMs: values.number('retry_period'),
    statsPeriodMs: values.number('ticker_log_delay'),
  };
}

function ofServer(values: Values, about: About): PgqadmSettings {
  return {
    ...common(values, about),
    loopDelayMs: values.number('ticker_period'),
    maintDelayMs: values.number('maint_period'),
    retryPeriodMs: values.number('retry_period'),
    statsPeriodMs: values.number('stats_period'),
    server: {
      connstr: values.optionalConninfo('base_connstr')?.text ?? '',
      initialDatabase: values.text('initial_database'),
      databases: listed(values.optionalText('database_list') ?? ''),
      checkPeriodMs: values.number('check_period'),
      connectionLifetimeMs: values.number('connection_lifetime'),
    },
  };
}

/** Names with commas between them, each once. */
function listed(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names)].filter((name) => name !== '');
}

function common(values: Values, { configPath, warnings }: About): Omit<CommonSettings, 'loopDelayMs'> {
  const logfile = values.optionalText('logfile');
  const pidfile = values.optionalText('pidfile');
  return {
    configPath,
    warnings,
    jobName: values.text('job_name'),
    ...(logfile === undefined ? {} : { logfile }),
    logSize: values.number('log_size'),
    logCount: values.number('log_count'),
    logFormat: values.text('log_format') === 'json' ? 'json' : 'text',
    ...(pidfile === undefined ? {} : { pidfile }),
  };
}

/** The resolved values, taken out by key and type; a key that is not of that type is a mistake of ours. */
class Values {
  readonly #values: ReadonlyMap<string, string | number | Conninfo>;

  constructor(values: ReadonlyMap<string, string | number | Conninfo>) {
    this.#values = values;
  }

  optionalText(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === undefined || typeof value === 'string' ? value : wrong(key);
  }

  text(key: string): string {
    return this.optionalText(key) ?? wrong(key);
  }

  number(key: string): number {
    const value = this.#values.get(key);
    return typeof value === 'number' ? value : wrong(key);
  }

  optionalConninfo(key: string): Conninfo | undefined {
    const value = this.#values.get(key);
    return value === undefined || typeof value === 'object' ? value : wrong(key);
  }

  conninfo(key: string): Conninfo {
    return this.optionalConninfo(key) ?? wrong(key);
  }
}

function wrong(key: string): never {
  throw new LondisteError('bug', `the options list and the settings disagree about ${key}`);
}
