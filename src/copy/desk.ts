import type { Session } from '../db/session.js';
import type { Log } from '../kernel/log.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';

/** The connections from which the copier looks after all tables, while others copy them. */
export interface Desk extends AsyncDisposable {
  readonly name: SubscriptionName;
  readonly provider: Session;
  readonly subscriber: Session;
  /** The number under which this process serves the subscription. */
  readonly fence: number;
  readonly log: Log;
}
