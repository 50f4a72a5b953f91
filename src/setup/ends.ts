import type { Session } from '../db/session.js';
import { requireSchema } from '../install/install.js';
import { LondisteError } from '../kernel/errors.js';
import { identify } from '../londiste/server-identity.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { refuseRecovery, requireProvider } from './provider.js';

/** Both ends of a subscription, as the commands need them. */
export interface Ends {
  readonly name: SubscriptionName;
  readonly provider: Session;
  readonly subscriber: Session;
}

/** Fails with what to type when either side is not ready for commands. */
export async function requireBoth({ name, provider, subscriber }: Ends): Promise<void> {
  await refuseRecovery(subscriber);
  await refuseSameDatabase(provider, subscriber);
  await requireProvider(provider, name.queue);
  await requireSubscriber(subscriber);
}

export async function requireSubscriber(subscriber: Session): Promise<void> {
  const { hasLondiste } = await identify(subscriber);
  if (!hasLondiste) {
    throw new LondisteError('refused', `${subscriber.where}: londiste is not installed there`, {
      hint: 'run: londiste CONFIG subscriber install',
    });
  }
  await requireSchema(subscriber, 'londiste', 'londiste CONFIG subscriber install');
}

export async function refuseSameDatabase(provider: Session, subscriber: Session): Promise<void> {
  const [there, here] = [await identify(provider), await identify(subscriber)];
  if (there.database !== here.database) return;
  throw new LondisteError(
    'refused',
    `provider_db and subscriber_db are the same database (${subscriber.where})`,
    {
      hint: 'correct one of them in the configuration file',
    },
  );
}
