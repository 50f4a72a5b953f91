import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pair } from '../cluster.js';
import { eventually } from '../eventually.js';
import type { Peer, Replication } from '../peer.js';
import { Daemon, runCommand } from '../processes.js';
import { root, version } from '../project.js';

type Program = 'londiste' | 'pgqadm';

/** This project, as its README has it typed: the programs of bin/ with default settings. */
export const londiste: Peer = {
  name: 'londiste',
  providerSettings: {},
  copies: true,
  quickShare: 1,
  missing: () => undefined,
  version: () => `londiste ${version}, default settings`,
  async install(pair, tables) {
    const replication = new LondisteReplication(pair);
    await replication.begin(tables.map(({ name }) => name));
    return replication;
  },
};

class LondisteReplication implements Replication {
  readonly schemas = ['pgq', 'londiste'];
  readonly #pair: Pair;
  #ticker: Daemon | undefined;
  #replay: Daemon | undefined;

  constructor(pair: Pair) {
    this.#pair = pair;
    const { provider, subscriber, folder } = pair;
    writeFileSync(
      join(folder, 'ticker.ini'),
      `[pgqadm]
job_name = ticker
db = ${provider.conninfo}
logfile = ${join(folder, '%(job_name)s.log')}
pidfile = ${join(folder, '%(job_name)s.pid')}
`,
    );
    writeFileSync(
      join(folder, 'replica.ini'),
      `[londiste]
job_name = replica
provider_db = ${provider.conninfo}
subscriber_db = ${subscriber.conninfo}
pgq_queue_name = londiste.write
logfile = ${join(folder, '%(job_name)s.log')}
pidfile = ${join(folder, '%(job_name)s.pid')}
`,
    );
  }

  async begin(tables: readonly string[]): Promise<void> {
    this.#ticker = this.#spawn('pgqadm', 'ticker.ini', 'ticker');
    await this.#type('provider', 'install');
    await this.#type('subscriber', 'install');
    await this.startApply();
    await this.#type('provider', 'add', ...tables);
    await this.#type('subscriber', 'add', ...tables);
    await eventually('all tables are ok', 600_000, () => this.#areOk(tables.length));
  }

  async #areOk(tables: number): Promise<boolean> {
    if (this.daemons.some(({ alive }) => !alive)) throw new Error('a daemon has ended by itself');
    const states = await this.#pair.subscriber.query<{ state: string; error: string | null }>(
      'select state, error from londiste.table_state',
    );
    const parked = states.find(({ state }) => state === 'parked');
    if (parked) throw new Error(`a table is parked: ${parked.error ?? ''}`);
    return states.filter(({ state }) => state === 'ok').length === tables;
  }

  get daemons(): readonly Daemon[] {
    return [this.#ticker, this.#replay].filter((daemon) => daemon !== undefined);
  }

  async stopApply(): Promise<void> {
    await this.#replay?.stop();
    this.#replay = undefined;
  }

  startApply(...settings: string[]): Promise<void> {
    this.#replay = this.#spawn('londiste', 'replica.ini', 'replay', ...settings);
    return Promise.resolve();
  }

  async copy(table: string, { connections = 2 }: { connections?: number | undefined }): Promise<number> {
    const { provider, subscriber } = this.#pair;
    await this.stopApply();
    await this.startApply('--set', `copy_connections=${connections}`);
    const inSet = await provider.query('select from londiste.provider_table where table_name = $1', [
      `public.${table}`,
    ]);
    if (inSet.length === 0) await this.#type('provider', 'add', table);
    const state = async (): Promise<string | undefined> =>
      (
        await subscriber.query<{ state: string }>(
          'select state from londiste.table_state where table_name = $1',
          [`public.${table}`],
        )
      )[0]?.state;
    const adding = this.#type('subscriber', 'add', table);
    // From the commit of the command on: how long that takes to start says nothing about a copy.
    await eventually(`${table} is on the list`, 60_000, async () => (await state()) !== undefined, 2);
    const began = performance.now();
    await eventually(`${table} is ok`, 1_800_000, async () => (await state()) === 'ok');
    const seconds = (performance.now() - began) / 1000;
    await adding;
    await this.#type('subscriber', 'remove', table);
    return seconds;
  }

  async stop(): Promise<void> {
    await this.stopApply();
    await this.#ticker?.stop();
  }

  #spawn(program: Program, ...args: string[]): Daemon {
    const { folder } = this.#pair;
    return new Daemon({
      name: args[1] ?? program,
      command: process.execPath,
      args: [join(root, 'bin', program), ...args],
      cwd: folder,
      output: join(folder, `${program}.out`),
    });
  }

  async #type(...words: string[]): Promise<void> {
    const { folder } = this.#pair;
    await runCommand(process.execPath, [join(root, 'bin', 'londiste'), 'replica.ini', ...words], {
      cwd: folder,
    });
  }
}
