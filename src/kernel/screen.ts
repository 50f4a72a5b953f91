import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';

/** Lines that are drawn again in place, on a terminal. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  #drawn = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  draw(lines: readonly string[]): void {
    // A line that wraps would be drawn one row too low the next time.
    const width = this.#out.columns > 1 ? this.#out.columns - 1 : Infinity;
    moveCursor(this.#out, 0, -this.#drawn);
    cursorTo(this.#out, 0);
    clearScreenDown(this.#out);
    this.#out.write(lines.map((line) => `${line.slice(0, width)}\n`).join(''));
    this.#drawn = lines.length;
  }
}
