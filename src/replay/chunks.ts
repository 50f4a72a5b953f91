import type { Session } from '../db/session.js';
import { collect, type Chunk, type Range } from './collect.js';
import type { Decision } from './handover.js';
import type { Link } from './link.js';
import type { Batch } from './take.js';

/** A chunk, and whether it is the last of all: then the connection that it came over is free. */
type BatchChunk = Chunk & { readonly endsBatch: boolean };

/** Told of what becomes of a batch's chunks. */
export interface ChunkListener {
  /** The last one has been read: nothing more comes over the connection. */
  readonly onLastRead?: () => void;
  /** The last one is going to be used: there is memory for others. */
  readonly onLastUsed?: () => void;
}

/**
 * Chunks of one or more ranges of events, read one ahead of the one that is applied: while the subscriber works on a
 * chunk the provider sends the next. Both together stay within the memory for changes.
 */
export class Chunks {
  readonly #chunks: AsyncGenerator<BatchChunk, void, undefined>;
  #ahead: Promise<IteratorResult<BatchChunk, void>> | undefined;
  #feed: Session | undefined;
  #mayRead: () => void = () => undefined;

  constructor(link: Link, ranges: readonly Range[]) {
    const mayRead = new Promise<void>((resolve) => {
      this.#mayRead = resolve;
    });
    this.#chunks = this.#read(link, ranges, mayRead);
  }

  /** Has the provider look up and order the events; none is taken into memory before a chunk is asked for. */
  open(): void {
    this.#ahead ??= this.#chunks.next();
    // Told to whoever asks for the chunk.
    this.#ahead.catch(() => undefined);
  }

  /** Begins to read the next chunk. */
  readAhead(): void {
    this.#mayRead();
    this.open();
  }

  /** Waits until the first chunk is there. */
  async ready(): Promise<void> {
    this.readAhead();
    await this.#ahead;
  }

  /** Each chunk in turn; while one is used the next is read, and its memory is free when that one is asked for. */
  async *each({ onLastRead, onLastUsed }: ChunkListener = {}): AsyncGenerator<Chunk, void, undefined> {
    const look = (): void => {
      this.#ahead?.then(
        ({ value }) => {
          if (value?.endsBatch === true) onLastRead?.();
        },
        () => undefined,
      );
    };
    look();
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
      if (chunk.endsBatch) {
        onLastUsed?.();
      } else if (!chunk.isOversize) {
        this.readAhead();
        look();
      }
      yield chunk;
      chunk.free();
    }
  }

  /** Gives the rest up, at once: what is under way may be a chunk that takes the provider minutes. */
  async close(): Promise<void> {
    this.#mayRead();
    if (this.#ahead) this.#feed?.destroy();
    await this.#ahead?.catch(() => undefined);
    await this.#chunks.return();
  }

  async #next(): Promise<BatchChunk | undefined> {
    this.readAhead();
    const result = await this.#ahead;
    this.#ahead = undefined;
    return result === undefined || result.done === true ? undefined : result.value;
  }

  async *#read(
    link: Link,
    ranges: readonly Range[],
    mayRead: Promise<void>,
  ): AsyncGenerator<BatchChunk, void, undefined> {
    const opened = (feed: Session): void => {
      this.#feed = feed;
    };
    for (const [n, range] of ranges.entries()) {
      for await (const chunk of collect(link, range, { budget: link.memoryBytes / 2, opened, mayRead })) {
        // The COPY of this range is at its end: the connection is as good as new.
        if (chunk.isLast) this.#feed = undefined;
        yield { ...chunk, endsBatch: chunk.isLast && n === ranges.length - 1 };
      }
    }
  }
}

/**
 * What a batch has to be read for: its own events for the tables that stream, and for each table that is taken over all
 * since that one's own position. `isOut` names tables that are left out.
 */
export function rangesOf(
  { from, to }: Batch,
  decision: Decision,
  isOut: (table: string) => boolean,
): Range[] {
  const wants = (table: string): boolean => decision.streams(table) && !isOut(table);
  const taken = decision.with('take-over').filter(({ name }) => !isOut(name));
  return [
    { from: from.snapshot, to: to.tickId, wants },
    ...taken.flatMap(({ name, snapshot }) =>
      snapshot === undefined
        ? []
        : [{ from: snapshot.text, to: to.tickId, tables: [name], wants: () => true }],
    ),
  ];
}
