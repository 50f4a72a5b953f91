import type { SubscribedTable } from '../londiste/table-state.js';
import { interestOf, type Interest } from '../table/interest.js';
import { Snapshot } from '../table/snapshot.js';
import type { TableList } from './table-list.js';
import type { Batch } from './take.js';

/** What a batch does with each table of the subscription. */
export class Decision {
  readonly tables: TableList;
  readonly #ready: readonly { readonly table: SubscribedTable; readonly interest: Interest }[];

  constructor(tables: TableList, { from, to }: Batch) {
    const bounds = {
      from: { tickId: from.tickId, snapshot: Snapshot.parse(from.snapshot) },
      to: { tickId: to.tickId, snapshot: Snapshot.parse(to.snapshot) },
    };
    this.tables = tables;
    this.#ready = tables.ready.map((table) => ({ table, interest: interestOf(table, bounds) }));
  }

  /** Whether the table's events of the batch itself are applied. */
  streams(table: string): boolean {
    return this.tables.get(table)?.state === 'ok';
  }

  /** The tables that replay takes from the copier with this batch, or gives back to it. */
  with(interest: 'take-over' | 'behind'): SubscribedTable[] {
    return this.#ready.filter((entry) => entry.interest === interest).map(({ table }) => table);
  }

  /** Whether another decision on the same batch, with the tables as they are now, is the same. */
  isSameAs(other: Decision): boolean {
    if (other.tables.version === this.tables.version) return true;
    return JSON.stringify(this.#moves()) === JSON.stringify(other.#moves());
  }

  #moves(): unknown {
    const ready = this.#ready.filter(({ interest }) => interest !== 'skip');
    return [
      this.tables.streaming.map((table) => [table, this.tables.destinationOf(table)]),
      ready.map(({ table, interest }) => [
        table.name,
        interest,
        table.snapshot?.text,
        table.tickId,
        table.landing,
      ]),
    ];
  }
}

/** Thrown inside the transaction to roll it back: a table has moved since the batch was decided on. */
export class Redecided extends Error {
  constructor(readonly decision: Decision) {
    super('a table moved while a batch was fetched');
  }
}
