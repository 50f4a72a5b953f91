import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';
import { cancelCopy, pauseCopy, resumeCopy } from '../londiste/copy-state.js';
import { meantNames } from '../londiste/name.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { subscriberGetTableList, type SubscribedTable } from '../londiste/table-state.js';
import { owners } from '../table/state.js';
import { requireSubscriber } from './ends.js';
import { notAdded } from './refusal.js';

/** Where the copies are that an operator steers. */
interface Subscriber {
  readonly name: SubscriptionName;
  readonly subscriber: Session;
}

/**
 * Puts copies off, all or none of them; without names all that are not paused yet. Returns the tables.
 *
 * @throws LondisteError `refused` when one is not being copied, or none is.
 */
export function pauseCopies(ends: Subscriber, typed: readonly string[]): Promise<string[]> {
  const isMeant = ({ state, isPaused }: SubscribedTable): boolean => owners[state] === 'copier' && !isPaused;
  return steer(ends, typed, { isMeant, otherwise: 'no table is being copied', verb: pauseCopy });
}

/**
 * Lets copies go on that were put off; without names all of them.
 *
 * @throws LondisteError `refused` when one is not paused, or none is.
 */
export function resumeCopies(ends: Subscriber, typed: readonly string[]): Promise<string[]> {
  const isMeant = ({ isPaused }: SubscribedTable): boolean => isPaused;
  return steer(ends, typed, { isMeant, otherwise: 'no copy is paused', verb: resumeCopy });
}

/**
 * Gives copies up and parks their tables; without names all of them. A running replay stops copying at once.
 *
 * @throws LondisteError `refused` when one is not being copied, or none is.
 */
export function cancelCopies(ends: Subscriber, typed: readonly string[]): Promise<string[]> {
  const isMeant = ({ state }: SubscribedTable): boolean => owners[state] === 'copier' || state === 'ready';
  return steer(ends, typed, { isMeant, otherwise: 'no table is being copied', verb: cancelCopy });
}

async function steer(
  { name, subscriber }: Subscriber,
  typed: readonly string[],
  {
    isMeant,
    otherwise,
    verb,
  }: {
    isMeant: (table: SubscribedTable) => boolean;
    otherwise: string;
    verb: (session: Session, name: SubscriptionName, table: string) => Promise<boolean>;
  },
): Promise<string[]> {
  await requireSubscriber(subscriber);
  return inTransaction(subscriber, async () => {
    const fitting = async (): Promise<string[]> =>
      (await subscriberGetTableList(subscriber, name)).filter(isMeant).map((table) => table.name);
    const names = typed.length > 0 ? await meantNames(subscriber, typed, fitting) : await fitting();
    if (names.length === 0) throw new LondisteError('refused', otherwise, { hint: 'nothing to do' });
    for (const table of names) if (!(await verb(subscriber, name, table))) throw notAdded('table', table);
    return names;
  });
}
