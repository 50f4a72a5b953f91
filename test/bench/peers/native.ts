import type { Pair } from '../cluster.js';
import { eventually } from '../eventually.js';
import type { Peer, Replication } from '../peer.js';

/** PostgreSQL's own logical replication, with its default options. */
export const native: Peer = {
  name: 'native',
  providerSettings: { wal_level: 'logical' },
  copies: false,
  quickShare: 1,
  missing: () => undefined,
  version: () => 'wal_level = logical, default options of create subscription',
  async install(pair, tables) {
    await pair.provider.execute(
      `create publication bench for table ${tables.map(({ name }) => name).join(', ')}`,
    );
    await pair.subscriber.execute(
      `create subscription bench connection '${pair.provider.conninfo}' publication bench with (copy_data = false)`,
    );
    await untilActive(pair, true);
    return new NativeReplication(pair);
  },
};

class NativeReplication implements Replication {
  readonly daemons = [];
  readonly schemas = [];

  constructor(readonly pair: Pair) {}

  async stopApply(): Promise<void> {
    await this.pair.subscriber.execute('alter subscription bench disable');
    await untilActive(this.pair, false);
  }

  async startApply(): Promise<void> {
    await this.pair.subscriber.execute('alter subscription bench enable');
  }

  async copy(table: string): Promise<number> {
    const { provider, subscriber } = this.pair;
    await provider.execute(`alter publication bench add table ${table}`);
    const began = performance.now();
    await subscriber.execute('alter subscription bench refresh publication');
    await eventually(`${table} is in sync`, 1_800_000, async () => {
      const ready = await subscriber.query(
        `select from pg_subscription_rel where srrelid = $1::regclass and srsubstate = 'r'`,
        [table],
      );
      return ready.length === 1;
    });
    return (performance.now() - began) / 1000;
  }

  async stop(): Promise<void> {
    await this.stopApply();
    // The slot goes with the subscription; while it is there the provider's database cannot be dropped.
    await this.pair.subscriber.execute('drop subscription bench');
  }
}

function untilActive({ provider }: Pair, active: boolean): Promise<void> {
  return eventually(`the slot is ${active ? '' : 'in'}active`, 30_000, async () => {
    const slots = await provider.query(
      `select from pg_replication_slots where slot_name = 'bench' and active = $1`,
      [active],
    );
    return slots.length === 1;
  });
}
