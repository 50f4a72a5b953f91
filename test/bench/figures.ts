import type { PeerName } from './peer.js';

/** One thing that was measured. */
export interface Measured {
  /** What it is, the same for all peers: `backlog`, `bulk insert: statement`. */
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** Which values are good ones; those of `none` are shown without a ratio. */
  readonly better: 'higher' | 'lower';
  /** Facts beside it that are kept in the raw lines. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A measurement with whose it is, and whether both sides were equal then. */
export interface Figure extends Measured {
  readonly scenario: string;
  readonly peer: PeerName;
  /** `bare`: there is no other side to compare with. */
  readonly compared: 'equal' | 'different' | 'bare';
}
