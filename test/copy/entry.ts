/** One table of some ranges on a pair of servers, as the tests of steered copies and of resync have it. */
import { afterEach, beforeEach } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { disarmAll } from '../../src/kernel/tap.js';
import type { SubscribedTable } from '../../src/londiste/table-state.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair, type ReplayOptions } from '../support/pair.js';

export const entryTable = `create table entry (id int primary key, code int not null unique, item text);
  create index entry_item on entry (item)`;

/** About 24 ranges. */
const rows = `insert into entry select n, -n, repeat('x', 80) || n from generate_series(1, 12000) n`;

export class Entry {
  readonly pair: Pair;
  #ticker: Daemons | undefined;
  #replay: Daemons | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(pair: Pair) {
    this.pair = pair;
  }

  get ends(): Pair['ends'] {
    return this.pair.ends;
  }

  async startReplay(options: ReplayOptions = {}): Promise<void> {
    this.#replay = Daemons.replay(this.pair, { copyRangeBytes: 64 * 1024, ...options });
    const served = 'select tick_id is not null as "isServed" from londiste.position';
    await eventually(() => this.pair.subscriber.one(served), { isServed: true });
  }

  async stopReplay(): Promise<void> {
    await this.#replay?.stop();
    this.#replay = undefined;
  }

  /** The ticker runs, replay too, the table is in the set. */
  async start(options: ReplayOptions = {}): Promise<void> {
    this.#ticker = Daemons.ticker(this.pair);
    await addProviderTables(this.pair.provider, this.pair.name.queue, ['entry']);
    await tickerRuns(this.pair.provider);
    await this.startReplay(options);
  }

  /** And it is `ok`. */
  async startCopied(options: ReplayOptions = {}): Promise<void> {
    await this.start(options);
    await addSubscriberTables(this.ends, ['entry']);
    await this.isOk();
  }

  async stop(): Promise<void> {
    await this.stopReplay();
    await this.#ticker?.stop();
  }

  async table(): Promise<SubscribedTable | undefined> {
    return (await listTables(this.pair.subscriber, this.pair.name))[0];
  }

  readonly state = async (): Promise<string | undefined> => (await this.table())?.state;

  async isOk(): Promise<void> {
    await eventually(this.state, 'ok', 40_000);
  }

  async isEqual(): Promise<void> {
    await this.isOk();
    const there = await fingerprint(this.pair.provider, 'entry');
    await eventually(() => fingerprint(this.pair.subscriber, 'entry'), there);
  }

  /** Changes of every kind, over a connection of their own: rows that move, values that swap, keys that move, come and go. */
  async write(round: number): Promise<void> {
    // One after the other: two at once would lock rows crosswise.
    this.#written = this.#written.then(() => this.#write(round));
    await this.#written;
  }

  #write(round: number): Promise<void> {
    return this.on(
      'provider',
      `update entry set item = item || '${round}' where id % 7 = ${round % 7};
       delete from entry where id % 50 = ${round % 50};
       insert into entry select ${100_000 + round * 1000} + n, ${round * 1000} + n, 'new' from generate_series(1, 300) n;
       begin;
       update entry set code = code - 1000000 where id between 500 and 900;
       update entry set code = -(1400 - (-code - 1000000)) - 2000000 where code < -1000000;
       update entry set code = code + 2000000 where code < -1000000 and id between 500 and 900;
       commit;
       update entry set id = id + 1000000 where id = (select min(id) from entry)`,
    );
  }

  /** Runs statements over a connection of its own. */
  async on(side: 'provider' | 'subscriber', statements: string): Promise<void> {
    await using session = await open(this.pair[`${side}Settings`]);
    await session.execute(statements);
  }

  /** What there is of shadows on the subscriber. */
  readonly shadows = (): Promise<string[]> => shadowsOf(this.pair.subscriber);

  async ranges(): Promise<{ done: number; snapshots: number }> {
    return this.pair.subscriber.one(
      `select count(*)::int as done, count(distinct snapshot::text)::int as snapshots
         from londiste.copy_range where state = 'done' and relation is not null`,
    );
  }
}

/** The names of all shadows, and of what else belongs to them. */
export async function shadowsOf(subscriber: Session): Promise<string[]> {
  const rows = await subscriber.query<{ name: string }>(
    `select c.relname as name from pg_class c
      where c.relnamespace = 'londiste'::regnamespace and c.relname like 'shadow%' order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** A new pair before each test, with the table and its rows on the provider; all is stopped after it. */
export function useEntry(): () => Entry {
  let entry: Entry;
  beforeEach(async () => {
    entry = new Entry(await createPair('newest', 'oldest'));
    await entry.pair.provider.execute(`${entryTable}; ${rows}`);
    await entry.pair.subscriber.execute(entryTable);
  });
  afterEach(async () => {
    disarmAll();
    await entry.stop();
  });
  return () => entry;
}
