import type { Session } from '../db/session.js';
import { collect, type Chunk, type Range } from './collect.js';
import type { Decision } from './handover.js';
import type { Link } from './link.js';
import type { Batch } from './take.js';

/** A chunk, and whether it is the last of all: then the connection that it came over is free. */
export type BatchChunk = Chunk & { readonly endsBatch: boolean };

/**
 * Chunks of one or more ranges of events, read one ahead of the one that is applied: while the subscriber works on a
 * chunk the provider sends the next. Both together stay within the memory for changes.
 */
export class Chunks {
  readonly #chunks: AsyncGenerator<BatchChunk, void, undefined>;
  #ahead: Promise<IteratorResult<BatchChunk, void>> | undefined;
  #feed: Session | undefined;

  constructor(link: Link, ranges: readonly Range[]) {
    this.#chunks = this.#read(link, ranges);
  }

  /** Begins to read the next chunk. */
  readAhead(): void {
    this.#ahead ??= this.#chunks.next();
    // Told to whoever asks for the chunk.
    this.#ahead.catch(() => undefined);
  }

  /** The next chunk, or undefined after the last. */
  async next(): Promise<BatchChunk | undefined> {
    this.readAhead();
    const result = await this.#ahead;
    this.#ahead = undefined;
    return result === undefined || result.done === true ? undefined : result.value;
  }

  /** Gives the rest up, at once: what is under way may be a chunk that takes the provider minutes. */
  async close(): Promise<void> {
    if (this.#ahead) this.#feed?.destroy();
    await this.#ahead?.catch(() => undefined);
    await this.#chunks.return();
  }

  async *#read(link: Link, ranges: readonly Range[]): AsyncGenerator<BatchChunk, void, undefined> {
    const opened = (feed: Session): void => {
      this.#feed = feed;
    };
    for (const [n, range] of ranges.entries()) {
      for await (const chunk of collect(link, range, { budget: link.memoryBytes / 2, opened })) {
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
