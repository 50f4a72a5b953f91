import type { Session } from '../db/session.js';
import type { SubscriptionName } from './subscription-name.js';

/** How far a continuous compare has come with a table. */
export interface Compared {
  /** Every row was equal at this tick or later; undefined when that was never so. */
  readonly equalTick: number | undefined;
  /** How long ago that tick was taken, in seconds. */
  readonly equalAgo: number | undefined;
  /** Rows that differed in the last pass, and how long ago it ended, in seconds. */
  readonly differing: number;
  readonly comparedAgo: number;
}

/** By the tables' names; those that no continuous compare has been through are not there. */
export async function comparedTables(
  session: Session,
  { queue, consumer }: SubscriptionName,
): Promise<Map<string, Compared>> {
  const rows = await session.query<{
    table_name: string;
    equal_tick: number | null;
    equal_ago: number | null;
    differing: number;
    compared_ago: number;
  }>(
    `select table_name, equal_tick, differing,
            floor(extract(epoch from clock_timestamp() - equal_at))::float8 as equal_ago,
            floor(extract(epoch from clock_timestamp() - compared_at))::float8 as compared_ago
       from londiste.compare_state where queue_name = $1 and consumer_name = $2`,
    [queue, consumer],
  );
  return new Map(
    rows.map((row) => [
      row.table_name,
      {
        equalTick: row.equal_tick ?? undefined,
        equalAgo: row.equal_ago ?? undefined,
        differing: row.differing,
        comparedAgo: row.compared_ago,
      },
    ]),
  );
}

/** Keeps what a pass over a table has found; without `equalTick` rows of it differ. `agoMs` is how long ago that tick was taken. */
export async function noteCompared(
  session: Session,
  { queue, consumer }: SubscriptionName,
  {
    table,
    equalTick,
    agoMs,
    differing,
  }: { table: string; equalTick: number | undefined; agoMs: number; differing: number },
): Promise<void> {
  await session.query(`select londiste.note_compared($1, $2, $3, $4, $5 * interval '1 millisecond', $6)`, [
    queue,
    consumer,
    table,
    equalTick ?? null,
    agoMs,
    differing,
  ]);
}
