import type { Session } from '../db/session.js';

/** Runs a verb that returns 1 when it changed something and 0 when there was nothing to change. */
export async function changedSomething(
  session: Session,
  call: string,
  values: readonly unknown[],
): Promise<boolean> {
  const { result } = await session.one<{ result: number }>(`select ${call} as result`, values);
  return result > 0;
}
