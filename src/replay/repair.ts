import { inSavepoint } from '../db/transaction.js';
import { asLondisteError } from '../kernel/errors.js';
import { copyRepair, finishRepair } from '../londiste/repair.js';
import type { Tick } from '../table/tick.js';
import { BatchWriter } from './batch-writer.js';
import { chunksOf } from './collect.js';
import type { TableList } from './table-list.js';
import { forgetShapes, type Link } from './link.js';
import { Plan } from './plan.js';

/**
 * Applies a stored repair inside the transaction that reaches its tick: rows as the provider has them there, written as those of a
 * batch are. One that cannot be applied is left out, with the reason: it must not keep the batch, or park its table.
 */
export async function applyRepair(
  link: Link,
  nr: number,
  { tables, tick }: { tables: TableList; tick: Tick },
): Promise<void> {
  const { subscriber, log } = link;
  // Its own: what it learns of a table is nothing that later batches should heed.
  const plan = new Plan(new Map());
  for (;;) {
    try {
      await inSavepoint(subscriber, () => write(link, nr, { tables, plan }));
      await finishRepair(subscriber, nr, { tick: tick.tickId });
      log.info({ repair: nr, tick: tick.tickId }, `repair ${nr} is applied at tick ${tick.tickId}`);
      return;
    } catch (thrown) {
      const error = asLondisteError(thrown);
      if (subscriber.closed || !error.liesInTable) throw error;
      await forgetShapes(link);
      if (plan.learn(error) && plan.parked.size === 0) continue;
      log.error({ repair: nr }, `repair ${nr} is not applied: ${error.message}`);
      await finishRepair(subscriber, nr, { error: error.message });
      return;
    }
  }
}

async function write(
  link: Link,
  nr: number,
  { tables, plan }: { tables: TableList; plan: Plan },
): Promise<void> {
  const { subscriber, memoryBytes } = link;
  // Read as a whole first: the statements of a table go over the same connection.
  const lines: Buffer[] = [];
  for await (const some of subscriber.copyOut(copyRepair(nr))) lines.push(some);
  const writer = new BatchWriter(link, plan, tables, 'repair_stage');
  const isMine = (table: string): boolean => tables.get(table)?.state === 'ok';
  for await (const chunk of chunksOf(link, each(lines), { wants: isMine, budget: memoryBytes / 2 })) {
    await writer.apply(chunk);
    chunk.free();
  }
  await writer.finish();
  await subscriber.execute('set constraints all immediate');
}

// eslint-disable-next-line @typescript-eslint/require-await -- events come from COPY in chunks that have to be waited for
async function* each(lines: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  yield* lines;
}
