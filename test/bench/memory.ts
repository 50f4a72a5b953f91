import { memoryOf } from './proc.js';
import type { Daemon } from './processes.js';

/** How often memory is looked at, in milliseconds; the kernel's own high-water mark fills the gaps. */
const everyMs = 200;

/** Watches the memory of daemons, those that are started later too, until it is ended. */
export class MemoryWatch {
  readonly #most = new Map<Daemon, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(readonly daemons: () => readonly Daemon[]) {
    this.#timer = setInterval(() => {
      this.#look();
    }, everyMs);
    this.#look();
  }

  #look(): void {
    for (const daemon of this.daemons()) {
      const most = daemon.pid === undefined ? undefined : memoryOf(daemon.pid)?.most;
      this.#most.set(daemon, Math.max(this.#most.get(daemon) ?? 0, most ?? 0));
    }
  }

  /** Stops watching; the most that one of them had at any time, with the most of each. */
  end(): { megabytes: number; details: Record<string, number> } | undefined {
    clearInterval(this.#timer);
    this.#look();
    if (this.#most.size === 0) return undefined;
    const details: Record<string, number> = {};
    for (const [{ name }, most] of this.#most) details[name] = Math.max(details[name] ?? 0, Math.round(most));
    return { megabytes: Math.max(...this.#most.values()), details };
  }
}
