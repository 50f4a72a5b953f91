/**
 * Transaction snapshots as PostgreSQL prints them, `xmin:xmax:xip,xip,...`: the set of transactions that a reader sees.
 * A snapshot sees x when x < xmin, or when x < xmax and x is not in the list of those that were running.
 */
export class Snapshot {
  readonly text: string;
  readonly xmin: number;
  readonly xmax: number;
  readonly #running: ReadonlySet<number>;

  private constructor(text: string, xmin: number, xmax: number, running: ReadonlySet<number>) {
    this.text = text;
    this.xmin = xmin;
    this.xmax = xmax;
    this.#running = running;
  }

  static parse(text: string): Snapshot {
    const [xmin, xmax, xip] = text.split(':');
    const running = xip === undefined || xip === '' ? [] : xip.split(',').map(Number);
    const numbers = [Number(xmin), Number(xmax), ...running];
    if (xip === undefined || numbers.some((number) => !Number.isSafeInteger(number))) {
      throw new Error(`not a transaction snapshot: ${text}`);
    }
    return new Snapshot(text, Number(xmin), Number(xmax), new Set(running));
  }

  /** Whether transaction `x` is in the set. */
  sees(x: number): boolean {
    return x < this.xmin || (x < this.xmax && !this.#running.has(x));
  }

  /**
   * Whether this set contains all of `other`. Asking `this.xmin >= other.xmax` instead would be wrong for as long as
   * one old transaction is open: what counts is only that nothing `other` sees is still running here.
   */
  contains(other: Snapshot): boolean {
    // Beyond our xmax we see nothing, so all that lies there must still run in the other one.
    let beyond = Math.max(0, other.xmax - this.xmax);
    if (beyond > 0) for (const x of other.#running) if (x >= this.xmax) beyond -= 1;
    if (beyond > 0) return false;
    for (const x of this.#running) if (x < other.xmax && other.sees(x)) return false;
    return true;
  }

  /** Whether both are the same set; the text may differ, since xmin and xmax may be written in several ways. */
  equals(other: Snapshot): boolean {
    return this.contains(other) && other.contains(this);
  }
}
