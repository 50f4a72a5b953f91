import type { Session } from '../db/session.js';
import type { Log } from '../kernel/log.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import type { Tick } from '../table/tick.js';

/** The copier's own connections, and how one table's events are applied over them. */
export interface Workbench extends AsyncDisposable {
  readonly name: SubscriptionName;
  readonly provider: Session;
  /** Streams rows and events; in a transaction of its own while a table is copied. */
  readonly feed: Session;
  readonly subscriber: Session;
  /** The number under which this process serves the subscription. */
  readonly fence: number;
  readonly log: Log;
  /** Applies the table's events up to `to`; false when it is not `catching-up` any more. */
  readonly catchUp: (table: string, to: Tick) => Promise<boolean>;
}
