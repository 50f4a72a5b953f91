import type { Session } from '../db/session.js';
import { eventColumns } from '../event/event-lines.js';
import type { SubscriptionName } from './subscription-name.js';

/** An event that a repair applies. */
export interface RepairEvent {
  readonly type: string;
  readonly flags: string | null;
  /** The row as a record, or the key's fields as one. */
  readonly data: string;
}

/** What replay is to apply to a table, and how many rows were found to be wrong. */
export interface Repair {
  readonly table: string;
  readonly layoutId: string;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly events: readonly RepairEvent[];
}

/** Stores a repair; returns its number. */
export async function storeRepair(
  session: Session,
  { queue, consumer }: SubscriptionName,
  { table, layoutId, missing, extra, different, events }: Repair,
): Promise<number> {
  const { nr } = await session.one<{ nr: number }>(
    'select londiste.store_repair($1, $2, $3, $4, $5, $6, $7, $8) as nr',
    [
      queue,
      consumer,
      table,
      layoutId,
      [missing, extra, different],
      events.map(({ type }) => type),
      events.map(({ flags }) => flags),
      events.map(({ data }) => data),
    ],
  );
  return nr;
}

/** The events of a repair that is not applied yet, as a COPY of them. */
export function copyRepair(nr: number): string {
  return `copy (select ${eventColumns} from londiste.repair_event where repair_nr = ${nr} order by ev_id) to stdout`;
}

/** Records that a repair was applied at a tick, or that it was not, and why. */
export async function finishRepair(
  session: Session,
  nr: number,
  outcome: { readonly tick: number } | { readonly error: string },
): Promise<void> {
  await session.query('select londiste.finish_repair($1, $2, $3)', [
    nr,
    'tick' in outcome ? outcome.tick : null,
    'error' in outcome ? outcome.error : null,
  ]);
}

/** Why a repair was not applied; undefined when it was, or is not yet. */
export async function repairError(session: Session, nr: number): Promise<string | undefined> {
  const { error } = await session.one<{ error: string | null }>(
    'select error from londiste.repair where nr = $1',
    [nr],
  );
  return error ?? undefined;
}
