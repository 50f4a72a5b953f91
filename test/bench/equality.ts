import type { Cluster, Pair } from './cluster.js';
import type { Table } from './peer.js';

/** What both sides must have in common to be called equal. The sum does not depend on the order of the rows. */
interface Contents {
  readonly rows: number;
  readonly sum: string;
}

/** How two sides differ, a line for each table that does; nothing when they are equal. */
export async function differences(pair: Pair, tables: readonly Table[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { name } of tables) {
    const [there, here] = await Promise.all([contents(pair.provider, name), contents(pair.subscriber, name)]);
    if (there.rows !== here.rows || there.sum !== here.sum) {
      lines.push(
        `${name}: ${there.rows} rows with sum ${there.sum} on the provider, ${here.rows} with ${here.sum} on the subscriber`,
      );
    }
  }
  return lines;
}

/** Rows as text, hashed to 64 bits and added up: two equal rows do not cancel each other out, as they would in an xor. */
async function contents(cluster: Cluster, table: string): Promise<Contents> {
  const [found] = await cluster.query<Contents>(
    `select count(*) as rows, coalesce(sum(hashtextextended((t.*)::text, 0)::numeric), 0)::text as sum from ${table} t`,
  );
  if (!found) throw new Error('an aggregate without a group gives one row');
  return found;
}
