/** The operator of the subscriber: alters tables after the provider's, and has what parked meanwhile go on. */
import { parseName, quoteName } from '../../src/db/identifiers.js';
import type { Session } from '../../src/db/session.js';
import { resyncTables } from '../../src/setup/resync.js';
import { listTables, removeSubscriberTables, retryTables } from '../../src/setup/subscriber-tables.js';
import type { SubscribedTable } from '../../src/londiste/table-state.js';
import type { Pair } from '../support/pair.js';
import { follow, type Change } from './changes.js';
import type { Counts } from './counts.js';
import type { Made } from './lane.js';
import { members, mayPark } from './members.js';
import { child, qualified, type Table } from './table.js';

/** A table with the ALTERs that it still lacks. */
interface Followed {
  table: Table;
  readonly pending: Change[];
  /** The key became another one, which no event tells: only a copy is sure to be right. */
  mustCopy: boolean;
  copies: number;
  wasAltered: boolean;
}

/** What the operator has done elsewhere. */
interface Elsewhere {
  readonly counts: Counts;
  /** Whether each ALTER is made here too as soon as it is committed there. */
  readonly followsAtOnce: boolean;
  /** Lets copies and catching up come to their end. */
  readonly tick: () => Promise<number>;
  /** Makes the provider's table fit for a copy. */
  readonly beforeCopy: (nr: number) => Promise<void>;
}

/** After so many nothing is going to help. */
const mostCopies = 5;

export class Subscriber {
  readonly #pair: Pair;
  readonly #session: Session;
  readonly #elsewhere: Elsewhere;
  readonly #tables: readonly Followed[];
  readonly #givenUp = new Set<string>();
  /** Whether a table has parked for what no trigger can tell, which the log says. */
  hasLostTrack = false;

  constructor(pair: Pair, session: Session, tables: readonly Table[], elsewhere: Elsewhere) {
    this.#pair = pair;
    this.#session = session;
    this.#elsewhere = elsewhere;
    this.#tables = tables.map((table) => ({
      table,
      pending: [],
      mustCopy: false,
      copies: 0,
      wasAltered: false,
    }));
  }

  get wasAltered(): boolean {
    return this.#tables.some(({ wasAltered }) => wasAltered);
  }

  /** Whether only a copy could have brought the table right when it was gone already. */
  hasGivenUp(name: string): boolean {
    return this.#givenUp.has(name);
  }

  tableOf(nr: number): Table {
    return this.#followed(nr).table;
  }

  /** Changes that have been committed on the provider. */
  async hear(made: readonly Made[]): Promise<void> {
    for (const { nr, change } of made) {
      const one = this.#followed(nr);
      one.wasAltered = true;
      one.pending.push(change);
      if (change.does === 'key') one.mustCopy = true;
      if (this.#elsewhere.followsAtOnce) await this.#follow(one);
    }
  }

  /** Until every table is replicated and has the provider's columns. */
  async comeToRest(): Promise<void> {
    for (const end = Date.now() + 30_000; ;) {
      const states = await this.#settle(end);
      const parked = states.filter(({ state }) => state === 'parked');
      for (const table of parked) await this.#mend(table);
      if (parked.length > 0) continue;
      for (const one of this.#tables) while (one.pending.length > 0) await this.#follow(one);
      const stale = this.#tables.filter(({ mustCopy }) => mustCopy);
      if (stale.length === 0) return;
      for (const one of stale) await this.#copy(one, qualified(one.table));
    }
  }

  /** The states of all tables once none of them is on its way. */
  async #settle(end: number): Promise<SubscribedTable[]> {
    for (;;) {
      const states = await listTables(this.#session, this.#pair.name);
      if (states.every(({ state }) => state === 'ok' || state === 'parked')) return states;
      if (Date.now() > end)
        throw new Error(states.map(({ name, state, error }) => `${name} ${state} ${error ?? ''}`).join('; '));
      await this.#elsewhere.tick();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** One ALTER at a time, as far as it takes; where none is left, only a copy helps. */
  async #mend(parked: SubscribedTable): Promise<void> {
    this.#elsewhere.counts.add('tables parked');
    // The list has names as the server would quote them.
    const name = quoteName(parseName(parked.name));
    const one = this.#tables.find(({ table }) => members(table).includes(name));
    if (!one) throw new Error(`${parked.name} is nobody's`);
    const reason = mayPark(one.table, parked.error);
    if (reason !== undefined) {
      this.hasLostTrack = true;
      this.#elsewhere.counts.add(reason);
    } else if (!one.wasAltered)
      throw new Error(`${parked.name} was parked, and nobody had altered it: ${parked.error ?? ''}`);
    if (reason !== undefined || one.pending.length === 0) {
      await this.#copy(one, name, parked.error);
      return;
    }
    await this.#follow(one);
    await retryTables(this.#ends, [name]);
    this.#elsewhere.counts.add('retries without a copy');
  }

  async #copy(one: Followed, name: string, error?: string): Promise<void> {
    const isGone = one.table.isGone || one.pending.some(({ does }) => does === 'goes');
    if (isGone && name !== child(one.table)) {
      one.mustCopy = false;
      this.#elsewhere.counts.note('dropped before they were copied');
      await removeSubscriberTables(this.#ends, [name]);
      this.#givenUp.add(name);
      return;
    }
    this.#elsewhere.counts.add('copies anew');
    one.copies += 1;
    if (one.copies > mostCopies) throw new Error(`${name} is parked again and again: ${error ?? ''}`);
    await this.#elsewhere.beforeCopy(one.table.nr);
    // Where it had been moved it is at home now, which changes nothing here.
    while (one.pending.length > 0) await this.#follow(one);
    if (name === qualified(one.table)) one.mustCopy = false;
    await resyncTables(this.#ends, [name]);
  }

  get #ends(): Pair['ends'] {
    return { ...this.#pair.ends, subscriber: this.#session };
  }

  /** Makes the oldest ALTER that the table lacks. Replay may hold it for a moment. */
  async #follow(one: Followed): Promise<void> {
    const change = one.pending.shift();
    if (!change) return;
    const { sql, after } = follow(one.table, change, { side: 'here', major: this.#session.major });
    await this.#session.execute(sql);
    one.table = after;
  }

  #followed(nr: number): Followed {
    const one = this.#tables.find(({ table }) => table.nr === nr);
    if (!one) throw new Error(`there is no table ${nr}`);
    return one;
  }
}
