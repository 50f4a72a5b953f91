import type { PeerName, Table } from './peer.js';
import type { Run } from './run.js';

/** Something to be measured with each peer. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** The peers that it says something about. */
  readonly peers: readonly PeerName[];
  tables(run: Size): readonly Table[];
  /** Measures; what it hands to `run.measured` counts once `run.compare` has found both sides equal. */
  measure(run: Run): Promise<void>;
}

export const replicating: readonly PeerName[] = ['native', 'londiste3', 'londiste'];
export const withBare: readonly PeerName[] = ['none', ...replicating];

/** How large everything is. */
export interface Size {
  readonly quick: boolean;
  /** Picks the number for this run. */
  of(full: number, quick: number): number;
}
