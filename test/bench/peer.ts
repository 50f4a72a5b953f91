import type { Binaries } from '../../src/embedded/binaries.js';
import type { Pair } from './cluster.js';
import type { Daemon } from './processes.js';

/** A table of a scenario, with the definition and the rows that it starts with. */
export interface Table {
  readonly name: string;
  /** What stands between the parentheses of create table. Every table has a primary key. */
  readonly columns: string;
  /** A query for the rows that it starts with; it gives the same ones whenever and wherever it is run. */
  readonly rows?: string;
}

export type PeerName =
  | 'none'
  | 'native'
  | 'londiste3'
  | 'londiste'
  // These only capture, and nobody reads what they have captured.
  | 'capture'
  | 'capture-row'
  | 'pgq'
  | 'logutriga';

/** A way to replicate, installed between two servers for one scenario. */
export interface Peer {
  readonly name: PeerName;
  /** Settings of the provider beside those that all peers have. */
  readonly providerSettings: Record<string, string>;
  /** Whether it copies the rows that are there itself; else they are put on both sides before it is installed. */
  readonly copies: boolean;
  /** How many of the events it is given with --quick: less for one that would take most of the time. Its rate tells the same. */
  readonly quickShare: number;
  /** Why it cannot run on this PostgreSQL, and what to install; nothing when it can. */
  missing(binaries: Binaries): string | undefined;
  /** Versions of its own, and the settings that are not its default. */
  version(): string;
  /**
   * Starts replicating tables that exist on both sides; returns when everything runs and is in sync. Nothing for the
   * peer that does not replicate.
   */
  install(pair: Pair, tables: readonly Table[]): Promise<Replication | undefined>;
}

/** A peer at work. */
export interface Replication {
  /** Its processes outside of the servers, those that should run now. */
  readonly daemons: readonly Daemon[];
  /** Schemas of its own, whose growth is looked at. */
  readonly schemas: readonly string[];
  /** Stops applying only; capturing and ticking go on. */
  stopApply(): Promise<void>;
  startApply(): Promise<void>;
  /** Takes a table that both sides have in, with the rows that the provider's has; returns the seconds until it is in sync. */
  copy?(table: string, how: { readonly connections?: number | undefined }): Promise<number>;
  /** Ends all of it, so that both databases can be dropped. */
  stop(): Promise<void>;
}
