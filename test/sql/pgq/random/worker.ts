import type { Session } from '../../../../src/db/session.js';
import { value } from '../pgq-database.js';
import type { Scene } from './producer.js';
import type { Seat } from './seat.js';
import type { WorkerStep } from './steps.js';

interface Event {
  readonly id: number;
  readonly data: string;
  readonly retried: number;
  /** Not in the table that is written. */
  readonly stray: boolean;
  /** Its transaction was open when the tick was taken that the batch begins with. */
  readonly late: boolean;
}

/** What came of a look for a batch. */
type Outcome = 'nothing there' | 'done' | 'undone' | 'done by another';

/**
 * Takes batches of a consumer and processes them in the transaction that finishes them: events that it does not put aside
 * it notes in the table `seen`, where a second time fails.
 */
export class Worker {
  readonly #scene: Scene;
  readonly #seat: Seat;
  readonly #consumer: number;
  readonly #isAlone: boolean;

  constructor(scene: Scene, { seat, consumer, isAlone }: { seat: Seat; consumer: number; isAlone: boolean }) {
    this.#scene = scene;
    this.#seat = seat;
    this.#consumer = consumer;
    this.#isAlone = isAlone;
  }

  /** One batch, if there is one; false when there is none. */
  async do(step: WorkerStep): Promise<boolean> {
    const session = await this.#seat.session();
    const outcome = await this.#scene.overlaps.during(
      'batch',
      () => this.#takeOne(session, step),
      (came) => came !== 'nothing there',
    );
    if (outcome === 'done by another') this.#scene.note('batches that another worker finished first');
    return outcome !== 'nothing there';
  }

  /** All batches that are there. */
  async drain(): Promise<void> {
    while (await this.do({ end: 'finish', retries: 0 }));
  }

  async #takeOne(session: Session, { end, retries }: WorkerStep): Promise<Outcome> {
    const batch = await value<number | null>(session, 'select pgq.next_batch($1, $2)', [
      this.#scene.queue,
      `consumer ${this.#consumer}`,
    ]);
    if (batch === null) return 'nothing there';
    await session.query('begin');
    let events: Event[];
    try {
      events = await this.#process(session, batch, retries);
    } catch (error) {
      await session.query('rollback');
      if (this.#isAlone || !/batch not found/.test(String(error))) throw error;
      return 'done by another';
    }
    if (end === 'crash unfinished') {
      await session.query('rollback');
      this.#scene.note('crashed before the end of a batch');
      return 'undone';
    }
    if ((await value(session, 'select pgq.finish_batch($1)', [batch])) !== 1) {
      await session.query('rollback');
      if (this.#isAlone) throw new Error(`batch ${batch} of consumer ${this.#consumer} was finished already`);
      return 'done by another';
    }
    await session.query('insert into seen select $1, $2, name, $4 from unnest($3::text[]) name', [
      this.#scene.queue,
      this.#consumer,
      events.map(({ data }) => data),
      batch,
    ]);
    return this.#end(session, end, events);
  }

  /** Puts some events aside, and returns the others. */
  async #process(session: Session, batch: number, retries: number): Promise<Event[]> {
    const events = await session.query<Event>(
      `select e.ev_id as id, e.ev_data as data, coalesce(e.ev_retry, 0) as retried,
         not exists (select from pgq.event_template t where t.ev_id = e.ev_id and t.ev_txid = e.ev_txid
           and t.tableoid = (select to_regclass(q.queue_data_pfx || '_' || q.queue_cur_table) from pgq.queue q where q.queue_name = $2)) as stray,
         exists (select from pgq.subscription s join pgq.tick t on t.tick_queue = s.sub_queue and t.tick_id = s.sub_last_tick,
             txid_snapshot_xip(t.tick_snapshot) running
           where s.sub_batch = $1 and running = e.ev_txid) as late
       from pgq.get_batch_events($1) e`,
      [batch, this.#scene.queue],
    );
    const processed: Event[] = [];
    for (const event of events) {
      if (event.retried < 2 && event.id % 8 < retries)
        await session.query('select pgq.event_retry($1, $2, 0)', [batch, event.id]);
      else processed.push(event);
    }
    return processed;
  }

  async #end(session: Session, end: WorkerStep['end'], events: readonly Event[]): Promise<Outcome> {
    if (end === 'die committing') {
      await this.#seat.dieDuring('commit');
      this.#scene.note('workers died committing');
      // Whoever follows at once may get the batch that this commit still finishes; that is for those who share a consumer.
      if (this.#isAlone) await this.#seat.over();
      return 'undone';
    }
    await session.query(end === 'finish' ? 'commit' : 'rollback');
    if (end === 'crash') {
      if (events.length > 0) this.#scene.note('batches crashed');
      return 'undone';
    }
    for (const { retried, stray, late } of events) {
      if (retried > 0) this.#scene.note('retried events seen again');
      if (stray) this.#scene.note('events in a table that was not current');
      if (late) this.#scene.note('events whose transaction was open at the tick before');
    }
    return 'done';
  }
}
