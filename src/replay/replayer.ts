import { inTransaction } from '../db/transaction.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { tap } from '../kernel/tap.js';
import { lockPosition, readPosition, setPosition } from '../londiste/position.js';
import { holdEvents } from '../londiste/provider.js';
import { setTableError } from '../londiste/table-state.js';
import { advanceConsumer } from '../pgq/consumer.js';
import { isSameTick, type Tick } from '../table/tick.js';
import { BatchWriter } from './batch-writer.js';
import { Chunks, rangesOf, type ChunkListener } from './chunks.js';
import { becomeShadows } from './difference.js';
import { Decision, Redecided } from './handover.js';
import { forgetShapes, type Link } from './link.js';
import { Asked, Meetings } from './meetings.js';
import { Plan } from './plan.js';
import { applyRepair } from './repair.js';
import { changedSequences, setSequences } from './sequences.js';
import { moveTables, reportDrift, shadowsToBe } from './table-moves.js';
import { TableList } from './table-list.js';
import { mostEvents, takeBatch, type Batch } from './take.js';

/** What one pass did with a batch. */
export interface Replayed {
  readonly batch: Batch;
  readonly events: number;
  readonly ignored: number;
  /** Into how many pieces it was cut to stay within the memory for changes. */
  readonly chunks: number;
  /** How many tables had rows wait on the subscriber for the end of the batch. */
  readonly staged: number;
  readonly tookOver: readonly string[];
  readonly parked: readonly string[];
}

/** A batch that is read while the one before it is being applied. */
interface Ahead {
  readonly batch: Batch;
  readonly decision: Decision;
  readonly chunks: Chunks;
}

/** Batches in a row that are committed without waiting for the disk. */
const mostUnflushed = 7;

export interface ReplayerOptions {
  /** Called with how many events of a batch have been applied, chunk by chunk. */
  readonly onProgress?: (batch: Batch, events: number) => void;
}

/** Replays one batch after the other from where the subscriber stands. */
export class Replayer {
  readonly #link: Link;
  readonly #options: ReplayerOptions;
  readonly #meetings: Meetings;
  #at: Tick;
  #tables: TableList | undefined;
  #ahead: Promise<Ahead | undefined> | undefined;
  #unflushed = 0;

  /** `at` is the subscriber's position, as `getOnTrack` has found it. */
  constructor(link: Link, at: Tick, options: ReplayerOptions = {}) {
    this.#link = link;
    this.#at = at;
    this.#options = options;
    this.#meetings = new Meetings(link);
  }

  /** Replays one batch, if there is one: take, decide, fetch and apply, record, finish. */
  async replayOnce(): Promise<Replayed | undefined> {
    const link = this.#link;
    const ahead = await this.#ahead;
    this.#ahead = undefined;
    const batch = ahead?.batch ?? (await takeBatch(link, this.#at, this.#meetings.tick));
    if (batch === undefined) {
      await this.#setIdleSequences();
      return undefined;
    }
    const decision = ahead?.decision ?? new Decision(await this.#knownTables(), batch);

    const replayed = await this.#applyUntilItFits(batch, decision, ahead?.chunks);
    if (replayed instanceof Asked) {
      await this.#meetings.learn(replayed.request, this.#at);
      return this.replayOnce();
    }
    this.#at = batch.to;
    link.batches.mostEvents = Math.min(mostEvents, link.batches.mostEvents * 2);
    // Errors do not count as moves.
    if (this.#tables && this.#tables.mended.length > 0) this.#tables = undefined;
    await tap('replay.committed-not-finished');

    // What a parked table needs must be kept before the consumer leaves it behind.
    if (replayed.parked.length > 0) await holdEvents(link.provider, link.name, batch.from.tickId);
    // Past a commit that a crash of the subscriber may undo the consumer must not go.
    if (this.#flushes(batch)) {
      await advanceConsumer(link.provider, link.name.queue, link.name.consumer, batch.to.tickId);
      this.#unflushed = 0;
    } else {
      this.#unflushed += 1;
    }
    await tap('replay.finished');
    await this.#meetings.meet(batch.to);
    return replayed;
  }

  /** Gives up what is read ahead. */
  async close(): Promise<void> {
    const ahead = await this.#ahead;
    this.#ahead = undefined;
    await ahead?.chunks.close();
  }

  /** While others follow at once, only every few batches wait for the disk. */
  #flushes({ to, head }: Batch): boolean {
    return to.tickId >= head.tickId || this.#unflushed >= mostUnflushed;
  }

  /**
   * Applies the batch; when a table's own fault is in the way, again without that fault, or without that table. Nothing of it
   * when a compare has asked that replay stops somewhere, and it is not known yet whether that is within the batch.
   */
  async #applyUntilItFits(
    batch: Batch,
    first: Decision,
    fetched: Chunks | undefined,
  ): Promise<Replayed | Asked> {
    const link = this.#link;
    let plan = new Plan(link.replacing);
    let decision = first;
    let chunks = fetched;
    for (;;) {
      chunks ??= new Chunks(
        link,
        rangesOf(batch, decision, (table) => plan.parked.has(table)),
      );
      try {
        return await this.#applyInTransaction({ batch, decision, chunks }, plan);
      } catch (thrown) {
        // Both at once: each may hold the connection that the other waits for.
        await Promise.all([chunks.close(), this.close()]);
        chunks = undefined;
        if (thrown instanceof Asked) return thrown;
        if (thrown instanceof Redecided) {
          decision = thrown.decision;
          // What was wrong with a table may be what its move has mended.
          plan = new Plan(link.replacing);
          continue;
        }
        const error = withTable(asLondisteError(thrown), decision);
        await forgetShapes(link);
        // A batch of fewer ticks needs fewer locks, and less of everything else.
        if (error.kind === 'resources') link.batches.mostEvents = Math.ceil(link.batches.mostEvents / 2);
        if (link.subscriber.closed || !plan.learn(error)) throw await this.#kept(error);
        link.log.debug({ table: error.table }, `${error.message}; the batch is applied anew`);
      }
    }
  }

  /** Rows, sequences, position and the states of tables: one transaction. */
  async #applyInTransaction({ batch, decision, chunks }: Ahead, plan: Plan): Promise<Replayed> {
    const link = this.#link;
    const { subscriber, name, fence } = link;
    // Read before the transaction begins, so that it waits for nobody while it holds locks.
    await chunks.ready();
    await tap('replay.fetched');
    const apply = async (): Promise<Replayed> => {
      const position = await lockPosition(subscriber, name, fence);
      if (position.tick === undefined || !isSameTick(position.tick, batch.from))
        throw new LondisteError('busy', 'the position moved while a batch was fetched');
      this.#meetings.heed(position.compareRequest);
      await this.#refuseIfMoved(decision, batch, position.tablesVersion);
      if (plan.checksAtOnce) await subscriber.execute('set constraints all immediate');
      const writer = new BatchWriter(link, plan, decision.tables);
      const removed = new Set<string>();
      const total = { chunks: 0, events: 0, ignored: 0 };
      for await (const chunk of chunks.each(this.#followUp(batch))) {
        await writer.apply(chunk);
        await tap('replay.chunk-applied');
        for (const table of chunk.removed) removed.add(table);
        total.chunks += 1;
        total.events += chunk.events - chunk.ignored;
        total.ignored += chunk.ignored;
        this.#options.onProgress?.(batch, chunk.events);
      }
      reportDrift(link.log, await writer.finish());
      await becomeShadows(link, shadowsToBe(decision, { plan, removed }), plan);
      const repair = this.#meetings.repairAt(batch.to);
      if (repair !== undefined) await applyRepair(link, repair, { tables: decision.tables, tick: batch.to });
      await setSequences(link, await changedSequences(link));
      await setPosition(subscriber, name, batch.to);
      const moved = await moveTables(link, { batch, decision, removed, parked: plan.parked });
      await tap('replay.applied-not-committed');
      return { batch, ...total, staged: writer.staged, ...moved };
    };
    return inTransaction(subscriber, apply, { flush: this.#flushes(batch) });
  }

  /** While replay is behind the next batch is looked up as soon as the connection is free, and read when there is memory. */
  #followUp({ to, head }: Batch): ChunkListener {
    if (to.tickId >= head.tickId) return {};
    return {
      onLastRead: () => {
        this.#ahead ??= this.#openAfter(to).catch(() => undefined);
      },
      onLastUsed: () => {
        void this.#ahead?.then((ahead) => ahead?.chunks.readAhead());
      },
    };
  }

  async #openAfter(tick: Tick): Promise<Ahead | undefined> {
    const batch = await takeBatch(this.#link, tick, this.#meetings.tick);
    if (batch === undefined) return undefined;
    const decision = new Decision(await this.#knownTables(), batch);
    const chunks = new Chunks(
      this.#link,
      rangesOf(batch, decision, () => false),
    );
    chunks.open();
    return { batch, decision, chunks };
  }

  async #setIdleSequences(): Promise<void> {
    const { subscriber, name, fence } = this.#link;
    const changed = await changedSequences(this.#link);
    if (changed.length === 0) return;
    await inTransaction(subscriber, async () => {
      await lockPosition(subscriber, name, fence);
      await setSequences(this.#link, changed);
    });
  }

  /**
   * The tables as they were when they were last looked at: a decision on them is checked when the position is locked. While some
   * are being copied one look more beforehand is cheaper than a batch that is decided on anew.
   */
  async #knownTables(): Promise<TableList> {
    if (this.#tables?.isSettled === true) return this.#tables;
    const version = (await readPosition(this.#link.subscriber, this.#link.name))?.tablesVersion ?? 0;
    return this.#tables?.version === version ? this.#tables : this.#readTables(version);
  }

  async #readTables(version: number): Promise<TableList> {
    const { subscriber, name } = this.#link;
    this.#tables = await TableList.read(subscriber, name, { version, before: this.#tables });
    return this.#tables;
  }

  /** From the lock of the position to the end of the transaction no table moves. */
  async #refuseIfMoved(decision: Decision, batch: Batch, version: number): Promise<void> {
    if (decision.tables.version === version) return;
    const now = new Decision(await this.#readTables(version), batch);
    if (!decision.isSameAs(now)) throw new Redecided(now);
  }

  /** A failure that is tried again, kept with its table for `subscriber tables` to show. */
  async #kept(error: LondisteError): Promise<LondisteError> {
    const { subscriber, name } = this.#link;
    const { table } = error;
    this.#tables = undefined;
    if (table !== undefined && !subscriber.closed) await setTableError(subscriber, name, table, error);
    return error;
  }
}

/** What only a check at the end finds names its table as the server knows it. */
function withTable(error: LondisteError, decision: Decision): LondisteError {
  const { schema, table } = (error.cause ?? {}) as { schema?: string; table?: string };
  if (error.table !== undefined || schema === undefined || table === undefined) return error;
  const name = decision.tables.goingTo({ schema, name: table });
  return name === undefined ? error : error.of(name);
}
