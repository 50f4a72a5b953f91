/** Pauses that double from `first` to `most` milliseconds, and start over after `reset`. */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  #next: number;

  constructor({ first = 200, most = 10_000 }: { first?: number; most?: number } = {}) {
    this.#first = first;
    this.#most = most;
    this.#next = first;
  }

  /** The pause to make now, in milliseconds. */
  next(): number {
    const pause = this.#next;
    this.#next = Math.min(this.#next * 2, this.#most);
    return pause;
  }

  /** Called on a healthy sign. */
  reset(): void {
    this.#next = this.#first;
  }
}
