import type { Session } from '../db/session.js';
import { requireSchema } from '../install/install.js';
import { sleep } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';

/** Milliseconds between looks for a schema or a queue that is not there yet. */
const lookMs = 500;

/** Milliseconds after which waiting is told again. */
const reminderMs = 10 * 60_000;

/** Whether a database is ready for the ticker, and if not, what it waits for: told once, then rarely. */
export class Readiness {
  readonly #session: Session;
  readonly #log: Log;
  #hasQueue = false;
  #lookedAt = -Infinity;
  #toldAt = -Infinity;

  constructor(session: Session, log: Log) {
    this.#session = session;
    this.#log = log;
  }

  /**
   * Waits until schema pgq is installed; false when stop came first.
   *
   * @throws LondisteError `refused` when a newer version has installed what this one cannot work with.
   */
  async waitForSchema(stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      if (await this.#has(`to_regclass('pgq.installation') is not null`)) {
        await requireSchema(this.#session, 'pgq', 'pgqadm ... install');
        return true;
      }
      this.#tell('schema pgq is not installed yet; waiting for: pgqadm ... install');
      await sleep(lookMs, stop);
    }
    return false;
  }

  /** Looks for a queue now and then until there is one. */
  async sayWhenThereIsNoQueue(): Promise<void> {
    if (this.#hasQueue || Date.now() - this.#lookedAt < lookMs) return;
    this.#lookedAt = Date.now();
    this.#hasQueue = await this.#has('exists (select from pgq.queue)');
    if (!this.#hasQueue) this.#tell('there is no queue yet; waiting for: pgqadm ... create QUEUE');
  }

  async #has(condition: string): Promise<boolean> {
    return (await this.#session.one<{ there: boolean }>(`select ${condition} as there`)).there;
  }

  #tell(message: string): void {
    if (Date.now() - this.#toldAt < reminderMs) return;
    this.#toldAt = Date.now();
    this.#log.info(message);
  }
}
