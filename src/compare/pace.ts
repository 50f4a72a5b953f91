import { sleep } from '../kernel/clock.js';

const windowMs = 1_000;

/** Lets a few things happen in each second. */
export class Pace {
  readonly #most: number;
  #from = 0;
  #spent = 0;

  constructor(perSecond: number) {
    this.#most = perSecond;
  }

  /** Whether another one may follow at once. */
  get isDue(): boolean {
    return this.#spent < this.#most || Date.now() >= this.#from + windowMs;
  }

  spend(): void {
    if (Date.now() >= this.#from + windowMs) {
      this.#from = Date.now();
      this.#spent = 0;
    }
    this.#spent += 1;
  }

  /** Waits until another one is due. */
  async wait(stop: AbortSignal): Promise<void> {
    if (!this.isDue) await sleep(this.#from + windowMs - Date.now(), stop);
  }
}
