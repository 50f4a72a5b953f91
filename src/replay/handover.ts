import type { SubscribedTable } from '../londiste/table-state.js';
import { interestOf, type Interest } from '../table/interest.js';
import { Snapshot } from '../table/snapshot.js';
import type { Batch } from './take.js';

/** What a batch does with each table of the subscription. */
export class Decision {
  readonly #interests: ReadonlyMap<string, { interest: Interest; table: SubscribedTable }>;

  constructor(tables: readonly SubscribedTable[], { from, to }: Batch) {
    const bounds = {
      from: { tickId: from.tickId, snapshot: Snapshot.parse(from.snapshot) },
      to: { tickId: to.tickId, snapshot: Snapshot.parse(to.snapshot) },
    };
    this.#interests = new Map(
      tables.map((table) => [table.name, { interest: interestOf(table, bounds), table }]),
    );
  }

  /** Whether the table's events of the batch itself are applied. */
  streams(table: string): boolean {
    return this.#interests.get(table)?.interest === 'stream';
  }

  /** The names of all tables of the subscription. */
  get names(): string[] {
    return [...this.#interests.keys()];
  }

  /** Whether another decision on the same batch, with the tables as they are now, is the same. */
  isSameAs(other: Decision): boolean {
    const now = [...other.#interests.values()].map(({ table }) => table);
    return (
      other.#interests.size === this.#interests.size && now.every(({ name }) => this.stillHolds(name, now))
    );
  }

  /** The tables that replay takes from the copier with this batch, or gives back to it. */
  with(interest: 'take-over' | 'behind'): SubscribedTable[] {
    return [...this.#interests.values()]
      .filter((entry) => entry.interest === interest)
      .map((entry) => entry.table);
  }

  /**
   * Whether what was decided for a table still holds now that the position is locked: an operator may have asked for a
   * new copy, or taken the table off, since. Then its events are left to the copy.
   */
  stillHolds(table: string, now: readonly SubscribedTable[]): boolean {
    const before = this.#interests.get(table)?.table;
    const after = now.find((candidate) => candidate.name === table);
    return (
      after !== undefined && before?.state === after.state && before.snapshot?.text === after.snapshot?.text
    );
  }
}
