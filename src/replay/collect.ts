import type { Session } from '../db/session.js';
import { changeOf, type Change } from '../event/change.js';
import { wholeLines } from '../event/copy-text.js';
import { eventColumns, EventLines, type EventHeader } from '../event/event-lines.js';
import type { Layout } from '../event/layout.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { freeBuffers } from '../kernel/garbage.js';
import { eventRangeSql } from '../londiste/provider.js';
import { keptFor, type Kept } from './kept.js';
import type { Shared } from './kept-rows.js';
import { KeyTable } from './key-table.js';
import type { Link } from './link.js';

/** Events of the queue: those in the snapshot of tick `to` and not in `from`. */
export interface Range {
  /** The snapshot whose events are already there. */
  readonly from: string;
  /** The tick whose snapshot closes the range. */
  readonly to: number;
  /** The only tables whose events are read; all when undefined. */
  readonly tables?: readonly string[];
  /** Whether a table's events are kept. */
  readonly wants: (table: string) => boolean;
}

/** As many changes as fit into the memory for them, by table. */
export interface Chunk {
  readonly tables: ReadonlyMap<string, Kept>;
  /** Tables that were taken out of the set within the chunk: their rows here are not to be trusted any more. */
  readonly removed: ReadonlySet<string>;
  readonly events: number;
  /** Events that are applied to no table here: those of tables that are not subscribed, or not yet. */
  readonly ignored: number;
  /** Whether it is the last of its range. */
  readonly isLast: boolean;
  /** Whether a row in it is larger than the memory for changes: then nothing else should be in memory beside it. */
  readonly isOversize: boolean;
  /** Lets its memory be used again. */
  free(): void;
}

/** Bytes that are read between two collections of garbage: each leaves about twice as many behind. */
const garbageBytes = 8 * 1024 * 1024;

interface CollectOptions {
  readonly budget: number;
  /** Called with the connection that the events come over. */
  readonly opened: (feed: Session) => void;
  /** Until then only the first few bytes are read, which come when the server has put the events in order. */
  readonly mayRead: Promise<void>;
}

/** Streams the events of a range and keeps what each key ends as, `budget` bytes at a time. */
export async function* collect(
  link: Link,
  range: Range,
  { budget, opened, mayRead }: CollectOptions,
): AsyncGenerator<Chunk, void, undefined> {
  const { from, to, tables } = range;
  const sql = await eventRangeSql(link.provider, { queue: link.name.queue, from, to, tables });
  const feed = await link.feed();
  opened(feed);
  const copied = feed.copyOut(`copy (select ${eventColumns} from (${sql}) as e) to stdout`);
  yield* chunksOf(link, afterFirst(copied, mayRead), { wants: range.wants, budget });
}

/** What each key ends as after the events in `copied`, which come in the order of their ids: `budget` bytes at a time. */
export async function* chunksOf(
  link: Link,
  copied: AsyncIterable<Buffer>,
  { wants, budget }: { wants: (table: string) => boolean; budget: number },
): AsyncGenerator<Chunk, void, undefined> {
  const lines = new EventLines();
  const removed = new Set<string>();
  const begin = (): Collector => new Collector(link, wants, removed);
  // Made with the first event: until then its memory may be another's.
  let chunk: Collector | undefined;
  let read = 0;
  for await (const some of wholeLines(copied)) {
    lines.open(some);
    chunk ??= begin();
    read += some.length;
    if (read > garbageBytes) {
      freeBuffers();
      read = 0;
    }
    while (lines.next()) {
      // Before the event goes in: so the chunk that ends a range is never empty, and its end is known.
      if (chunk.bytes >= budget || chunk.isBarrier(lines.header)) {
        yield chunk.done({ isLast: false });
        chunk = begin();
      }
      const waiting = chunk.add(lines);
      if (waiting) await waiting;
      if (chunk.bytes > 2 * budget) {
        // A row that large must not wait in memory for the next one to arrive beside it.
        yield chunk.done({ isLast: false, isOversize: true });
        chunk = begin();
      }
    }
  }
  yield (chunk ?? begin()).done({ isLast: true });
}

/** The same chunks, but only the first is fetched before `mayRead`. */
async function* afterFirst(
  chunks: AsyncGenerator<Buffer, void, undefined>,
  mayRead: Promise<void>,
): AsyncGenerator<Buffer, void, undefined> {
  const first = await chunks.next();
  await mayRead;
  if (first.done === true) return;
  // Whoever stops early must end the COPY too, which is not begun anew then.
  try {
    yield first.value;
    yield* chunks;
  } finally {
    await chunks.return();
  }
}

/** Puts one chunk together. */
class Collector {
  readonly #link: Link;
  readonly #wants: (table: string) => boolean;
  readonly #shared: Shared;
  readonly #tables = new Map<string, Kept>();
  readonly #removed: Set<string>;
  readonly #failures = new Map<string, unknown>();
  #events = 0;
  #ignored = 0;

  /** `removed` is common to all chunks of a range. */
  constructor(link: Link, wants: (table: string) => boolean, removed: Set<string>) {
    this.#removed = removed;
    this.#link = link;
    this.#wants = wants;
    let numbers = 0;
    const keys = link.freeKeyTables.pop() ?? new KeyTable();
    this.#shared = { keys, number: () => (numbers += 1) };
  }

  /** What it takes of the memory for changes. */
  get bytes(): number {
    return this.#shared.keys.bytes + this.#tables.size * bytesOfTable;
  }

  /**
   * Whether a chunk must end before an event: its table's rows came in another layout so far. The same key may be written
   * in another way there (1.00 and 1.0000), so that only the order of the chunks tells which is the last.
   */
  isBarrier({ table, layoutId }: EventHeader): boolean {
    if (table === null || layoutId === null) return false;
    const before = this.#tables.get(table)?.layout?.id;
    return before !== undefined && before !== layoutId;
  }

  /** Takes the event that `lines` stands at; returns a promise only where something has to be asked for first. */
  add(lines: EventLines): Promise<void> | undefined {
    const { table } = lines.header;
    this.#events += 1;
    if (table === null || !this.#wants(table)) {
      this.#ignored += 1;
      return undefined;
    }
    const change = changeOf(lines.header);
    if (change.kind === 'removed') this.#removed.add(table);
    if (this.#removed.has(table) || this.#failures.has(table)) return undefined;
    const rows = this.#tables.get(table);
    const layout = layoutKnown(this.#link, change);
    if (rows === undefined || layout === 'unknown') return this.#addAfterAsking(lines, table, change);
    this.#keep(rows, { lines, change, layout });
    return undefined;
  }

  done({ isLast, isOversize = false }: { isLast: boolean; isOversize?: boolean }): Chunk {
    for (const [table, failure] of this.#failures) {
      // What a later event of the range, the table's removal from the set, would make void is no failure.
      if (!this.#removed.has(table)) throw asLondisteError(failure).of(table);
    }
    for (const table of this.#removed) this.#tables.delete(table);
    return {
      tables: this.#tables,
      removed: this.#removed,
      events: this.#events,
      ignored: this.#ignored,
      isLast,
      isOversize,
      free: () => {
        const { keys } = this.#shared;
        keys.reset();
        this.#link.freeKeyTables.push(keys);
      },
    };
  }

  async #addAfterAsking(lines: EventLines, table: string, change: Change): Promise<void> {
    const { targets, layouts, provider } = this.#link;
    const layoutOf = async (): Promise<Layout | undefined> =>
      'layoutId' in change ? layouts.get(provider, change.layoutId) : undefined;
    try {
      let rows = this.#tables.get(table);
      if (rows === undefined) {
        const registered = await targets.keyColumns(table);
        if (registered === undefined) {
          // The provider has taken it out of the set meanwhile: its last events are nobody's.
          this.#ignored += 1;
          return;
        }
        rows = keptFor(table, { registered, layout: await layoutOf(), shared: this.#shared });
        this.#tables.set(table, rows);
      }
      const layout = await layoutOf();
      this.#keep(rows, { lines, change, layout });
    } catch (failure) {
      this.#failures.set(table, failure);
    }
  }

  #keep(
    rows: Kept,
    { lines, change, layout }: { lines: EventLines; change: Change; layout: Layout | undefined },
  ): void {
    try {
      if (change.kind === 'foreign') throw unknownEvent(lines);
      if (layout !== undefined && !lines.hasData) throw emptyEvent(lines);
      rows.add(change, layout, lines);
    } catch (failure) {
      this.#failures.set(rows.table, readable(failure, lines));
    }
  }
}

/** What a table costs beside its keys, in bytes. */
const bytesOfTable = 2_000;

function layoutKnown({ layouts }: Link, change: Change): Layout | undefined | 'unknown' {
  return 'layoutId' in change ? (layouts.known(change.layoutId) ?? 'unknown') : undefined;
}

function unknownEvent({ id, header }: EventLines): LondisteError {
  return new LondisteError('data', `event ${id} has the unknown type ${header.type ?? 'null'}`, {
    hint: 'only the triggers of provider add may write events with a table name: find out who else does, then copy the table anew (subscriber resync)',
    needsCopy: true,
  });
}

/** A row that capture could not put into an event, or that the provider could not send. */
function emptyEvent({ id, header }: EventLines): LondisteError {
  return new LondisteError(
    'data',
    `event ${id} (${header.type ?? 'null'}) holds no row: its text is too large to be sent (1 GB), or it was not written by capture`,
    { hint: 'copy the table anew: londiste CONFIG subscriber resync TABLE', needsCopy: true },
  );
}

/** A row that cannot be read, with the event that holds it. */
function readable(failure: unknown, { id }: EventLines): unknown {
  if (failure instanceof LondisteError) return failure;
  return new LondisteError('data', `event ${id} holds no readable row: ${asLondisteError(failure).message}`, {
    cause: failure,
    needsCopy: true,
    hint: 'copy the table anew: londiste CONFIG subscriber resync TABLE',
  });
}
