import { Session, type ConnectSettings } from '../db/session.js';
import { sleep } from '../kernel/clock.js';
import type { Service } from '../kernel/service.js';

/** Milliseconds between two statements: brisk enough to watch, slow enough to read. */
const pauseMs = 50;

/** How many rows the table keeps, about: beyond it, the oldest are deleted. */
const mostRows = 2_000;

/** Keeps writing to `entry` on the provider: inserts, updates, deletes, and now and then a change of keys. */
export class Workload implements Service {
  readonly name = 'workload';
  readonly #settings: ConnectSettings;
  #changes = 0;
  #statements = 0;

  constructor(settings: ConnectSettings) {
    this.#settings = settings;
  }

  /** Rows that were changed so far; each is captured as an event. */
  get changes(): number {
    return this.#changes;
  }

  async run(stop: AbortSignal): Promise<void> {
    await using session = await Session.open(this.#settings, {
      side: 'provider',
      applicationName: 'londiste demo workload',
    });
    while (!stop.aborted) {
      this.#changes += await session.execute(this.#next());
      await sleep(pauseMs, stop);
    }
  }

  #next(): string {
    this.#statements += 1;
    if (this.#statements % 200 === 0)
      return `update entry set id = nextval('entry_id_seq') where id % 97 = 0`;
    if (this.#statements % 20 === 0) {
      return `delete from entry where id in (select id from entry order by id limit (select greatest(count(*) - ${mostRows}, 1) from entry))`;
    }
    if (this.#statements % 3 === 0)
      return `update entry set item = 'changed at ' || now() where id % 31 = ${this.#statements % 31}`;
    return `insert into entry (item) values ('written at ' || now()), (null)`;
  }
}
