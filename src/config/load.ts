import { LondisteError } from '../kernel/errors.js';
import type { Conninfo, ConnectSettings, LibpqConnection } from './conninfo.js';
import { readConfigFile } from './locate.js';
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

/** The section `[pgqadm]`. */
export interface PgqadmSettings extends CommonSettings {
  readonly database: ConnectSettings;
  readonly maintDelayMs: number;
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
  const { values, faults, warnings } = new Resolver({ program, file, overrides, environment }).resolve();
  if (faults.length > 0) throw new LondisteError('config', faults.join('\n'));
  return builders[program](new Values(values), { configPath: file.path, warnings });
}

const builders: {
  readonly [P in Program]: (
    values: Values,
    about: { configPath: string; warnings: string[] },
  ) => SettingsOf[P];
} = {
  londiste: (values, about) => ({
    ...common(values, about),
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
  pgqadm: (values, about) => ({
    ...common(values, about),
    database: values.conninfo('db').settings,
    maintDelayMs: values.number('maint_delay'),
  }),
};

function common(values: Values, about: { configPath: string; warnings: string[] }): CommonSettings {
  const logfile = values.optionalText('logfile');
  const pidfile = values.optionalText('pidfile');
  return {
    ...about,
    jobName: values.text('job_name'),
    ...(logfile === undefined ? {} : { logfile }),
    logSize: values.number('log_size'),
    logCount: values.number('log_count'),
    logFormat: values.text('log_format') === 'json' ? 'json' : 'text',
    ...(pidfile === undefined ? {} : { pidfile }),
    loopDelayMs: values.number('loop_delay'),
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

  conninfo(key: string): Conninfo {
    const value = this.#values.get(key);
    return typeof value === 'object' ? value : wrong(key);
  }
}

function wrong(key: string): never {
  throw new LondisteError('bug', `the options list and the settings disagree about ${key}`);
}
