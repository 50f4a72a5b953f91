import type { Session } from '../../src/db/session.js';
import { sleep } from '../../src/kernel/clock.js';
import type { Pair } from './cluster.js';
import { differences } from './equality.js';
import type { Figure, Measured } from './figures.js';
import { MemoryWatch } from './memory.js';
import type { Peer, Replication, Table } from './peer.js';
import { cpuSeconds } from './proc.js';
import type { Size } from './scenario.js';

/** A row in it tells that everything committed before it has been applied: all peers apply in the order of commits. */
export const sentinel: Table = { name: 'bench_sentinel', columns: 'id integer primary key' };

export interface RunOptions {
  readonly scenario: string;
  readonly peer: Peer;
  readonly pair: Pair;
  /** All that are replicated, the sentinel's too. */
  readonly tables: readonly Table[];
  readonly size: Size;
  readonly replication: Replication | undefined;
  /** The folder of the PostgreSQL programs, where pgbench may lie. */
  readonly binFolder: string;
}

/** One scenario with one peer: its two servers, and what has been measured. */
export class Run {
  readonly peer: Peer;
  readonly pair: Pair;
  readonly size: Size;
  readonly replication: Replication | undefined;
  readonly binFolder: string;
  readonly figures: Figure[] = [];
  readonly #scenario: string;
  readonly #tables: readonly Table[];
  readonly #memory: MemoryWatch;
  #open: Measured[] = [];
  #sentinels = 0;

  constructor({ scenario, peer, pair, tables, size, replication, binFolder }: RunOptions) {
    this.#scenario = scenario;
    this.peer = peer;
    this.pair = pair;
    this.size = size;
    this.replication = replication;
    this.binFolder = binFolder;
    this.#tables = tables;
    this.#memory = new MemoryWatch(() => replication?.daemons ?? []);
  }

  /** How many events this peer gets. */
  events(full: number, quick: number): number {
    return this.size.of(full, quick * this.peer.quickShare);
  }

  measured(...what: Measured[]): void {
    this.#open.push(...what);
  }

  /**
   * Waits until all that was committed until now is on the subscriber; returns the moment when it was seen there. Without
   * replication that is now.
   */
  async caughtUp(withinSeconds: number): Promise<number> {
    if (!this.replication) return performance.now();
    const id = await this.mark();
    return await this.seen(id, withinSeconds);
  }

  /** Commits a row behind everything so far. */
  async mark(): Promise<number> {
    this.#sentinels += 1;
    await this.pair.provider.execute(`insert into ${sentinel.name} values (${this.#sentinels})`);
    return this.#sentinels;
  }

  async seen(id: number, withinSeconds: number): Promise<number> {
    await using session = await this.pair.subscriber.open('bench sentinel');
    const end = performance.now() + withinSeconds * 1000;
    while (!(await isThere(session, id))) {
      if (performance.now() > end) throw new Error(`has not caught up within ${withinSeconds} s`);
      this.#checkDaemons();
      await sleep(5);
    }
    return performance.now();
  }

  /** CPU seconds of both servers and the daemons that run now, since each of them started. */
  cpuSeconds(): number {
    const { provider, subscriber } = this.pair;
    const daemons = (this.replication?.daemons ?? []).map(({ pid }) => pid ?? 0);
    return [provider.pid, subscriber.pid, ...daemons].reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }

  /** A daemon that ended by itself is better said than waited for. */
  #checkDaemons(): void {
    const dead = this.replication?.daemons.find((daemon) => !daemon.alive && !daemon.wasStopped);
    if (dead) throw new Error(`${dead.name} has ended by itself:\n${dead.lastWords}`);
  }

  /** Compares both sides and settles what was measured since the last time. */
  async compare(): Promise<void> {
    const wrong = this.replication ? await differences(this.pair, this.#tables) : [];
    for (const line of wrong) console.error(`  WRONG: ${line}`);
    const compared = !this.replication ? 'bare' : wrong.length === 0 ? 'equal' : 'different';
    for (const measured of this.#open)
      this.figures.push({ ...measured, scenario: this.#scenario, peer: this.peer.name, compared });
    this.#open = [];
  }

  /** Compares what is left over, and adds what the daemons needed of memory. */
  async finish(): Promise<void> {
    const most = this.#memory.end();
    if (most) {
      const { megabytes, details } = most;
      this.measured({
        metric: `${this.#scenario}: memory of the largest daemon`,
        value: megabytes,
        unit: 'MB',
        better: 'lower',
        details,
      });
    }
    await this.compare();
  }

  end(): void {
    this.#memory.end();
  }
}

async function isThere(session: Session, id: number): Promise<boolean> {
  return (await session.query(`select from ${sentinel.name} where id = $1`, [id])).length > 0;
}
