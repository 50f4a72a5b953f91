import type { Session } from '../db/session.js';
import type { Log } from '../kernel/log.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import type { Tick } from '../table/tick.js';
import type { PaceLimits } from './pace.js';

/** A way for rows: they are read over one connection and written over the other. */
export interface Lane {
  readonly feed: Session;
  readonly subscriber: Session;
}

/** How large tables are copied. */
export interface CopySettings {
  /** Bytes of a table's file that are copied in one transaction. */
  readonly rangeBytes: number;
  /** Whether all ranges of a table are read under one snapshot, or each lane's under one of its own. */
  readonly snapshots: 'table' | 'range';
  /** What holds for tables that were not told otherwise. */
  readonly pace: PaceLimits;
}

/** The connections over which one table at a time is copied, and how its events are applied over them. */
export interface Workbench extends Lane, AsyncDisposable {
  readonly name: SubscriptionName;
  readonly provider: Session;
  /** Streams rows and events; in a transaction of its own while a table is copied. */
  readonly feed: Session;
  readonly subscriber: Session;
  /** The number under which this process serves the subscription. */
  readonly fence: number;
  readonly log: Log;
  readonly settings: CopySettings;
  /** How many ranges have landed over it, counted by whoever brings them. */
  landed: number;
  /** Applies the table's events up to `to`; false when it is not there to be caught up with any more. */
  readonly catchUp: (table: string, to: Tick) => Promise<boolean>;
  /** All lanes that a large table may use; the first is the workbench itself. */
  readonly lanes: () => Promise<readonly Lane[]>;
  /** Whether a connection has ended by itself. */
  readonly lost: boolean;
  /** Whether another table can be copied over it. */
  readonly usable: boolean;
  /** Aborted by `cut`. */
  readonly stop: AbortSignal;
  /** Drops all connections at once. */
  readonly cut: () => void;
}
