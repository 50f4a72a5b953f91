import { inTransaction } from '../db/transaction.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { lockPosition, readPosition, setPosition } from '../londiste/position.js';
import type { SequenceValue } from '../londiste/provider.js';
import {
  setTableError,
  setTableState,
  subscriberGetTableList,
  subscriberResyncTable,
  type SubscribedTable,
} from '../londiste/table-state.js';
import { finishBatch } from '../pgq/batch.js';
import { applyChanges, inEitherMode, type Applied, type ApplyMode, type TableWork } from './apply.js';
import type { TableChanges } from './change-set.js';
import { collect } from './collect.js';
import { Decision } from './handover.js';
import type { Link } from './link.js';
import { changedSequences, setSequences } from './sequences.js';
import { takeBatch, type Batch } from './take.js';
import { getOnTrack, verdictOn } from './track.js';

/** What one pass did with a batch. */
export interface Replayed {
  readonly batch: Batch;
  readonly events: number;
  readonly ignored: number;
  readonly tookOver: readonly string[];
}

/** Replays one batch, if there is one: take, fetch, decide, apply, record, finish. */
export async function replayOnce(link: Link, { behind = false } = {}): Promise<Replayed | undefined> {
  const batch = await takeBatch(link, { behind });
  if (batch === undefined) {
    await setIdleSequences(link);
    return undefined;
  }
  const position = await readPosition(link.subscriber, link.name);
  const verdict = verdictOn(position?.tick, batch.from, batch.to);
  if (verdict === 'off-track') {
    await getOnTrack(link);
    return undefined;
  }
  if (verdict === 'finish-only') {
    await finishBatch(link.provider, batch.batchId);
    return { batch, events: 0, ignored: 0, tookOver: [] };
  }

  const decision = new Decision(await subscriberGetTableList(link.subscriber, link.name), batch);
  const fetched = await fetch(link, batch, decision);
  await tap('replay.fetched');

  const tookOver = await applyAndRecord(link, batch, decision, fetched);
  await tap('replay.committed-not-finished');

  await finishBatch(link.provider, batch.batchId);
  await tap('replay.finished');
  return { batch, events: fetched.events, ignored: fetched.ignored, tookOver };
}

interface Fetched {
  readonly changes: readonly TableChanges[];
  /** Tables that left the set within the batch. */
  readonly removed: ReadonlySet<string>;
  readonly sequences: readonly SequenceValue[];
  readonly events: number;
  readonly ignored: number;
}

/** The batch's own events for the tables that stream; for those that are taken over, all since their own position. */
async function fetch(link: Link, { from, to }: Batch, decision: Decision): Promise<Fetched> {
  const streamed = await collect(link, { from: from.snapshot, to: to.tickId }, (table) =>
    decision.streams(table),
  );
  const changes = [...streamed.tables.values()];
  const removed = new Set(streamed.removed);
  for (const { name, snapshot } of decision.with('take-over')) {
    if (snapshot === undefined) continue;
    const late = await collect(link, { from: snapshot.text, to: to.tickId, tables: [name] }, () => true);
    changes.push(...late.tables.values());
    for (const table of late.removed) removed.add(table);
  }
  const events = changes.reduce((sum, table) => sum + table.events, 0);
  return { changes, removed, sequences: await changedSequences(link), events, ignored: streamed.ignored };
}

/** Rows, sequences, position and the states of tables that were taken over: one transaction. */
async function applyAndRecord(
  link: Link,
  batch: Batch,
  decision: Decision,
  fetched: Fetched,
): Promise<readonly string[]> {
  try {
    return await inEitherMode(link.subscriber, (mode) =>
      applyInTransaction(link, batch, decision, fetched, mode),
    );
  } catch (thrown) {
    // The shape of a table that we remember may be what is wrong.
    link.targets.forget();
    const error = asLondisteError(thrown);
    if (error.table !== undefined && !link.subscriber.closed) {
      await setTableError(link.subscriber, link.name, {
        table: error.table,
        error: error.message,
        sqlstate: error.sqlstate,
      });
    }
    throw error;
  }
}

async function applyInTransaction(
  link: Link,
  batch: Batch,
  decision: Decision,
  { changes, removed, sequences }: Fetched,
  mode: ApplyMode,
): Promise<readonly string[]> {
  const { subscriber, name, fence } = link;
  const { tick } = await lockPosition(subscriber, name, fence);
  if (verdictOn(tick, batch.from, batch.to) !== 'apply') {
    throw new LondisteError('busy', 'the position moved while a batch was fetched');
  }
  const now = await subscriberGetTableList(subscriber, name);

  const work: TableWork[] = [];
  for (const one of changes) {
    if (!decision.stillHolds(one.table, now)) continue;
    work.push({ target: await link.targets.get(one.table, one.keyColumns), changes: one });
  }
  const applied = await applyChanges(subscriber, work, mode);
  await setSequences(link, sequences);
  // Deferred constraints would fail at the commit, where no table could be named any more.
  await subscriber.execute('set constraints all immediate');
  await setPosition(subscriber, name, batch.to);
  const tookOver = await moveTables(link, decision, now);
  for (const table of removed) {
    await subscriberResyncTable(subscriber, name, table);
    link.log.warn(
      { table },
      `table ${table} was taken out of the set on the provider; it is copied anew if it is added again`,
    );
  }
  await tap('replay.applied-not-committed');
  report(link, applied);
  return tookOver;
}

async function moveTables(
  { subscriber, name, fence }: Link,
  decision: Decision,
  now: readonly SubscribedTable[],
): Promise<string[]> {
  const holding = (table: { name: string }): boolean => decision.stillHolds(table.name, now);
  for (const { name: table, snapshot, tickId } of decision.with('behind').filter(holding)) {
    const mark =
      snapshot === undefined || tickId === undefined ? undefined : { tickId, snapshot: snapshot.text };
    await setTableState(subscriber, name, { table, event: 'behind', fence, mark });
  }
  const taken = decision.with('take-over').filter(holding);
  for (const { name: table } of taken)
    await setTableState(subscriber, name, { table, event: 'taken-over', fence });
  return taken.map((table) => table.name);
}

function report({ log }: Link, { drift }: Applied): void {
  for (const { table, missing, extra } of drift) {
    log.warn(
      { table, missing, extra },
      `table ${table} was not what the provider took it for: ${missing} rows were missing, ${extra} were there already; they are right now`,
    );
  }
}

async function setIdleSequences(link: Link): Promise<void> {
  const changed = await changedSequences(link);
  if (changed.length === 0) return;
  await inTransaction(link.subscriber, async () => {
    await lockPosition(link.subscriber, link.name, link.fence);
    await setSequences(link, changed);
  });
}
