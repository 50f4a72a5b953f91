import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Binaries } from '../embedded/binaries.js';
import { freePort, Server } from '../embedded/server.js';
import { LondisteError } from '../kernel/errors.js';

/** What the demo remembers from one run to the next. */
interface Remembered {
  readonly majors: readonly [number, number];
}

/** The folder that the demo keeps its two servers in. */
export class Place {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  get lockFile(): string {
    return join(this.folder, 'demo.pid');
  }

  get logFile(): string {
    return join(this.folder, 'demo.log');
  }

  get #noteFile(): string {
    return join(this.folder, 'demo.json');
  }

  make(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  /** Removes the servers' data, and nothing that is not the demo's. */
  reset(): void {
    for (const name of ['provider', 'subscriber', 'demo.json', 'demo.log']) {
      rmSync(join(this.folder, name), { recursive: true, force: true });
    }
  }

  /**
   * The two servers, not started yet: those of the last run where there was one, else the oldest and the newest major
   * that can be started here. A data folder belongs to its major for ever.
   */
  async servers(available: readonly Binaries[]): Promise<{ provider: Server; subscriber: Server }> {
    const [first, second] = this.#majors(available);
    return {
      provider: await this.#server('provider', first),
      subscriber: await this.#server('subscriber', second),
    };
  }

  #majors(available: readonly Binaries[]): [Binaries, Binaries] {
    const remembered = this.#recall();
    const pick = (major: number): Binaries => {
      const found = available.find((binaries) => binaries.major === major);
      if (found) return found;
      throw new LondisteError(
        'refused',
        `the data in ${this.folder} needs PostgreSQL ${major}, which is not here`,
        {
          hint: 'start afresh with --reset',
        },
      );
    };
    if (remembered) return [pick(remembered.majors[0]), pick(remembered.majors[1])];
    const [oldest] = available;
    const newest = available.at(-1);
    if (!oldest || !newest) throw new LondisteError('bug', 'no PostgreSQL was found, and nobody said so');
    writeFileSync(
      this.#noteFile,
      JSON.stringify({ majors: [oldest.major, newest.major] } satisfies Remembered),
    );
    return [oldest, newest];
  }

  #recall(): Remembered | undefined {
    return existsSync(this.#noteFile)
      ? (JSON.parse(readFileSync(this.#noteFile, 'utf8')) as Remembered)
      : undefined;
  }

  async #server(name: 'provider' | 'subscriber', binaries: Binaries): Promise<Server> {
    return new Server({ binaries, folder: join(this.folder, name), port: await freePort() });
  }
}
