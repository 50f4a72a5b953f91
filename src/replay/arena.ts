/** Bytes of a block: large enough that few rows miss one, small enough that the last one wastes little. */
const blockSize = 1 << 20;

/** A row larger than this has a block of its own: the buffer that it came in, which is not copied. */
const largestShared = blockSize >> 2;

/** Where bytes lie in an arena. */
export interface Place {
  readonly block: number;
  readonly start: number;
}

/**
 * Memory for the rows of one chunk, outside of the garbage collector's: a million small buffers would cost more than
 * what they hold. Given back as a whole.
 */
export class Arena {
  readonly #blocks: Buffer[] = [];
  readonly #free: Buffer[];
  #current = -1;
  #used = blockSize;
  #bytes = 0;

  /** `free` holds blocks of arenas that were given back. */
  constructor(free: Buffer[]) {
    this.#free = free;
  }

  /** Bytes that its blocks take. */
  get bytes(): number {
    return this.#bytes;
  }

  block(index: number): Buffer {
    const block = this.#blocks[index];
    if (block === undefined) throw new Error(`the arena has no block ${index}`);
    return block;
  }

  /** Keeps `source[start, end)`, with room to grow to `capacity`. */
  put(source: Buffer, start: number, end: number, capacity: number): Place {
    if (end - start > largestShared) {
      this.#bytes += end - start;
      return { block: this.#blocks.push(source) - 1, start };
    }
    if (this.#used + capacity > blockSize) this.#open();
    const to = this.#used;
    source.copy(this.block(this.#current), to, start, end);
    this.#used += capacity;
    return { block: this.#current, start: to };
  }

  /** Writes over bytes that are not wanted any more. */
  overwrite(place: Place, source: Buffer, start: number, end: number): void {
    source.copy(this.block(place.block), place.start, start, end);
  }

  /** Hands the blocks over to the next arenas. */
  giveBack(): void {
    for (const block of this.#blocks) if (block.length === blockSize) this.#free.push(block);
    this.#blocks.length = 0;
    this.#bytes = 0;
  }

  #open(): void {
    const block = this.#free.pop() ?? Buffer.allocUnsafeSlow(blockSize);
    this.#current = this.#blocks.push(block) - 1;
    this.#used = 0;
    this.#bytes += blockSize;
  }
}
