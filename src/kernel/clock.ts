/**
 * Sleeps at most `ms` milliseconds and wakes at once when `stop` is aborted. It resolves in both cases: whoever
 * sleeps looks at its signal next anyway.
 */
export function sleep(ms: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop?.addEventListener('abort', done, { once: true });
  });
}

/** Whether `stop` is aborted by now. The compiler takes a second look at the property itself for the first one's. */
export function isStopped(stop: AbortSignal): boolean {
  return stop.aborted;
}

/** A bell that sleepers wait for: a ring that comes while nobody waits is kept for the next one who does. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Waits for a ring, `ms` milliseconds, or the stop signal, whichever comes first; returns whether it has rung. */
  async wait(ms: number, stop: AbortSignal): Promise<boolean> {
    if (!this.#rung && !stop.aborted) {
      await new Promise<void>((resolve) => {
        // Not AbortSignal.any: what it makes lives as long as the longest of its signals, which is the daemon's.
        const done = (): void => {
          clearTimeout(timer);
          stop.removeEventListener('abort', done);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, ms);
        stop.addEventListener('abort', done, { once: true });
        this.#wake = done;
      });
    }
    const hasRung = this.#rung;
    this.#rung = false;
    return hasRung;
  }
}
