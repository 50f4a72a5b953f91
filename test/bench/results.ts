import { appendFileSync, cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Figure } from './figures.js';
import { root } from './project.js';

/** The files that a run leaves behind: raw lines as they come, the table at the end. */
export class Results {
  readonly figures: Figure[] = [];
  #failures = 0;
  readonly #lines: string;
  readonly #table: string;

  constructor(began: Date) {
    const folder = join(root, 'bench-results');
    mkdirSync(folder, { recursive: true });
    const stamp = began.toISOString().slice(0, 19).replaceAll(':', '-');
    this.#lines = join(folder, `${stamp}.jsonl`);
    this.#table = join(folder, `${stamp}.md`);
  }

  get where(): string {
    return this.#lines;
  }

  /** Figures that do not count, and scenarios that did not come to their end. */
  get failures(): number {
    return this.#failures;
  }

  addFigure(figure: Figure): void {
    this.figures.push(figure);
    if (figure.compared === 'different') this.#failures += 1;
    this.add(figure);
  }

  addFailure(failure: { scenario: string; peer: string; failed: string }): void {
    this.#failures += 1;
    this.add(failure);
  }

  add(line: object): void {
    appendFileSync(this.#lines, `${JSON.stringify(line)}\n`);
  }

  /** Copies what was logged in a folder that is about to go, and says where to. */
  keepLogs(from: string, name: string): string {
    const to = `${this.#lines.slice(0, -'.jsonl'.length)}-${name}`;
    const isWanted = (path: string): boolean =>
      statSync(path).isDirectory()
        ? !path.endsWith('/data')
        : ['.log', '.out', '.ini'].includes(extname(path));
    cpSync(from, to, { recursive: true, filter: isWanted });
    return to;
  }

  keepTable(text: string): void {
    writeFileSync(this.#table, text);
  }
}
