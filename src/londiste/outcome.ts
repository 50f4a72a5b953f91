import type { Session } from '../db/session.js';
import type { SubscriptionName } from './subscription-name.js';

/** Runs a verb that returns 1 when it changed something and 0 when there was nothing to change. */
export async function changedSomething(
  session: Session,
  call: string,
  values: readonly unknown[],
): Promise<boolean> {
  const { result } = await session.one<{ result: number }>(`select ${call} as result`, values);
  return result > 0;
}

/** The same for a verb about one table or sequence of a subscription: false when that is not in it. */
export function changedMember(
  session: Session,
  verb: string,
  { queue, consumer }: SubscriptionName,
  member: string,
): Promise<boolean> {
  return changedSomething(session, `londiste.${verb}($1, $2, $3)`, [queue, consumer, member]);
}
