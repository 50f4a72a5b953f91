import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from '../../../src/embedded/binaries.js';
import type { Pair } from '../cluster.js';
import type { Peer, Replication } from '../peer.js';
import { Daemon, runCommand } from '../processes.js';

/** Debian's packages of it, which are for Debian's own PostgreSQL 15. */
const packages = [
  'python3-londiste',
  'pgqd',
  'postgresql-15-pgq3',
  'postgresql-15-pgq-node',
  'postgresql-15-londiste-sql',
];

/** Debian's interpreter: another one that PATH names first may lack the database driver. */
const python = '/usr/bin/python3';
const program = '/usr/bin/londiste';
const ticker = '/usr/bin/pgqd';

/**
 * Made faster than by default (a tick each second or each 3 seconds, a look each second): it is compared at its best,
 * as far as settings go.
 */
const tuned = { tickerPeriod: '0.1', maxLag: '100 milliseconds', maxCount: '500', loopDelay: '0.1' };

/** Skytools' Londiste 3: a root node, a leaf node, a worker for each, and pgqd as the ticker. */
export const londiste3: Peer = {
  name: 'londiste3',
  providerSettings: {},
  copies: false,
  quickShare: 0.25,
  missing(binaries) {
    const absent = packages.filter((name) => !isInstalled(name));
    if (absent.length > 0) return `not installed; as root: apt-get install postgresql-15 ${absent.join(' ')}`;
    if (hasExtension(binaries)) return undefined;
    return `the PostgreSQL ${binaries.major} of this run lacks its extensions; leave --pg-bin out`;
  },
  version() {
    const versions = execFileSync('dpkg-query', ['-W', '-f', '${Package} ${Version}, ', ...packages], {
      encoding: 'utf8',
    });
    const { tickerPeriod, maxLag, maxCount, loopDelay } = tuned;
    return `${versions}ticker_period ${tickerPeriod} s, ticker_max_lag ${maxLag}, ticker_max_count ${maxCount}, loop_delay ${loopDelay} s`;
  },
  async install(pair, tables) {
    const replication = new Londiste3Replication(pair);
    await replication.begin(tables.map(({ name }) => name));
    return replication;
  },
};

function isInstalled(name: string): boolean {
  const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return status === 0 && stdout.endsWith(' installed');
}

/** Asked of pg_config, because Debian keeps what belongs to a server far from its programs. */
function hasExtension({ postgres }: Binaries): boolean {
  const { status, stdout } = spawnSync(join(postgres, '..', 'pg_config'), ['--sharedir'], {
    encoding: 'utf8',
  });
  return status === 0 && existsSync(join(stdout.trim(), 'extension', 'londiste.control'));
}

class Londiste3Replication implements Replication {
  readonly schemas = ['pgq', 'pgq_node', 'londiste'];
  readonly #pair: Pair;
  #running: Daemon[] = [];
  #leaf: Daemon | undefined;

  constructor(pair: Pair) {
    this.#pair = pair;
    for (const [node, cluster] of [
      ['root', pair.provider],
      ['leaf', pair.subscriber],
    ] as const)
      writeFileSync(join(pair.folder, `${node}.ini`), this.#nodeIni(node, cluster.conninfo));
    writeFileSync(join(pair.folder, 'pgqd.ini'), this.#tickerIni());
  }

  #nodeIni(node: string, conninfo: string): string {
    const { folder } = this.#pair;
    return `[londiste]
db = ${conninfo}
queue_name = bench
job_name = ${node}
loop_delay = ${tuned.loopDelay}
logfile = ${join(folder, `${node}.log`)}
pidfile = ${join(folder, `${node}.pid`)}
use_skylog = 0
`;
  }

  #tickerIni(): string {
    const { folder, provider } = this.#pair;
    const { host, port, user, database } = provider.settings;
    return `[pgqd]
logfile = ${join(folder, 'pgqd.log')}
pidfile = ${join(folder, 'pgqd.pid')}
base_connstr = host=${host} port=${port} user=${user}
initial_database = postgres
database_list = ${database}
syslog = 0
ticker_period = ${tuned.tickerPeriod}
`;
  }

  async begin(tables: readonly string[]): Promise<void> {
    const { provider, subscriber } = this.#pair;
    for (const cluster of [provider, subscriber])
      await cluster.execute('create extension pgq; create extension pgq_node; create extension londiste');
    await this.#type('root', 'create-root', 'root', provider.conninfo);
    await provider.execute(`select pgq.set_queue_config('bench', 'ticker_max_lag', '${tuned.maxLag}'),
                                   pgq.set_queue_config('bench', 'ticker_max_count', '${tuned.maxCount}')`);
    // It looks for new databases once a minute only, so it starts when there is a queue in ours.
    this.#running.push(this.#spawn('pgqd', ticker, ['pgqd.ini']));
    await this.#type('leaf', 'create-leaf', 'leaf', subscriber.conninfo, `--provider=${provider.conninfo}`);
    for (const table of tables) {
      await this.#type('root', 'add-table', `public.${table}`);
      await this.#type('leaf', 'add-table', `public.${table}`, '--expect-sync');
    }
    // The root's worker moves the watermark; without it events are never cleaned away.
    this.#running.push(this.#spawn('root', python, [program, 'root.ini', 'worker']));
    await this.startApply();
  }

  get daemons(): readonly Daemon[] {
    return [...this.#running, ...(this.#leaf ? [this.#leaf] : [])];
  }

  async stopApply(): Promise<void> {
    await this.#leaf?.stop();
    this.#leaf = undefined;
  }

  startApply(): Promise<void> {
    this.#leaf = this.#spawn('leaf', python, [program, 'leaf.ini', 'worker']);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.stopApply();
    for (const daemon of this.#running.reverse()) await daemon.stop();
    this.#running = [];
  }

  #spawn(name: string, command: string, args: string[]): Daemon {
    const { folder } = this.#pair;
    return new Daemon({ name, command, args, cwd: folder, output: join(folder, `${name}.out`) });
  }

  async #type(node: 'root' | 'leaf', ...words: string[]): Promise<void> {
    await runCommand(python, [program, '-q', `${node}.ini`, ...words], { cwd: this.#pair.folder });
  }
}
