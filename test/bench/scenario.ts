import type { Table } from './peer.js';
import type { Run } from './run.js';

/** Something to be measured with each peer. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** Whether it says something about servers without replication, too. */
  readonly bare: boolean;
  tables(run: Size): readonly Table[];
  /** Measures; what it hands to `run.measured` counts once `run.compare` has found both sides equal. */
  measure(run: Run): Promise<void>;
}

/** How large everything is. */
export interface Size {
  readonly quick: boolean;
  /** Picks the number for this run. */
  of(full: number, quick: number): number;
}
