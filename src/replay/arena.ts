/** Bytes of a block: large enough that few rows miss one, small enough that the last one wastes little. */
const blockSize = 1 << 20;

/** Bytes beyond this stay in the buffer that they came in, which becomes a block of its own: there is no room to grow. */
export const largestShared = blockSize >> 2;

/** Memory for keys and rows, outside of the garbage collector's. It is given back as a whole, and kept for the next use. */
export class Arena {
  readonly #shared: Buffer[] = [];
  #blocks: Buffer[] = [];
  #opened = 0;
  #current = -1;
  #last = -1;
  #used = blockSize;
  #bytes = 0;

  /** The block that was written to last. */
  get block(): number {
    return this.#last;
  }

  /** Bytes that are in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A block by its number. */
  at(block: number): Buffer {
    const found = this.#blocks[block];
    if (found === undefined) throw new Error(`the arena has no block ${block}`);
    return found;
  }

  /** Keeps `source[start, end)`, with room to grow to `capacity`; returns where it begins in block `block`. */
  put(source: Buffer, start: number, end: number, capacity: number): number {
    if (end - start > largestShared) {
      this.#bytes += end - start;
      this.#last = this.#blocks.push(source) - 1;
      return start;
    }
    if (this.#current === -1 || this.#used + capacity > blockSize) this.#open();
    const to = this.#used;
    this.#last = this.#current;
    copyBytes(source, start, end, this.at(this.#current), to);
    this.#used += capacity;
    this.#bytes += capacity;
    return to;
  }

  /** Forgets all that it holds. */
  reset(): void {
    this.#blocks = [];
    this.#opened = 0;
    this.#current = this.#last = -1;
    this.#used = blockSize;
    this.#bytes = 0;
  }

  #open(): void {
    const block = this.#shared[this.#opened] ?? Buffer.allocUnsafeSlow(blockSize);
    this.#shared[this.#opened] = block;
    this.#opened += 1;
    this.#current = this.#blocks.push(block) - 1;
    this.#used = 0;
  }
}

/** Rows are short: up to here a loop is cheaper than a call. */
const shortBytes = 24;

export function copyBytes(source: Buffer, start: number, end: number, target: Buffer, to: number): void {
  if (end - start > shortBytes) {
    source.copy(target, to, start, end);
    return;
  }
  for (let at = start, out = to; at < end; at += 1, out += 1) target[out] = source[at] ?? 0;
}
