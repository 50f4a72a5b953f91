import { sleep } from '../kernel/clock.js';

export interface PaceLimits {
  /** Bytes a second of all connections together; 0 is no limit. */
  readonly maxRate: number;
  /** How far replay may be behind before rows wait, in milliseconds; 0 is no limit. */
  readonly pauseLagMs: number;
}

interface PaceOptions extends PaceLimits {
  /** How far replay is behind, in milliseconds. */
  readonly lag: () => Promise<number>;
  /** Aborted when there is nothing to wait for any more. */
  readonly stop: AbortSignal;
}

/** How much may come at once after a time in which less came than might have, in milliseconds of the rate. */
const burstMs = 100;
/** How often is looked how far replay is behind, in milliseconds. */
const lookMs = 250;

/**
 * Holds up the rows of one table's copy, whatever the number of connections that they come over: to so many bytes a second, and
 * for as long as replay is too far behind. Nothing is kept: what is not taken stays with the server that sends it.
 */
export class Pace {
  readonly #options: PaceOptions;
  #freeAt = -Infinity;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  async *through(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of chunks) {
      await this.#take(chunk.length);
      await this.yieldToReplay();
      yield chunk;
    }
  }

  /** Waits until replay is near enough. */
  async yieldToReplay(): Promise<void> {
    if (this.#options.pauseLagMs === 0) return;
    if (performance.now() - this.#lookedAt >= lookMs) {
      this.#looking ??= this.#untilNear().finally(() => {
        this.#looking = undefined;
      });
    }
    await this.#looking;
  }

  async #untilNear(): Promise<void> {
    const { lag, pauseLagMs, stop } = this.#options;
    while (!stop.aborted && (await lag()) > pauseLagMs) await sleep(lookMs, stop);
    this.#lookedAt = performance.now();
  }

  /** A bucket of tokens, kept as the time at which it will be full but for the burst. */
  async #take(bytes: number): Promise<void> {
    const { maxRate, stop } = this.#options;
    if (maxRate === 0) return;
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now - burstMs) + (bytes / maxRate) * 1000;
    if (this.#freeAt > now) await sleep(this.#freeAt - now, stop);
  }
}
