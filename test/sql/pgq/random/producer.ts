import type { Overlaps } from '../../../support/overlaps.js';
import { value } from '../pgq-database.js';
import { wasCommitted, type Seat } from './seat.js';
import type { ProducerStep } from './steps.js';

/** What the actors of a story share. */
export interface Scene {
  readonly queue: string;
  readonly overlaps: Overlaps;
  note(moment: string): void;
}

/** Writes events in transactions, and knows which of them were committed: the model. */
export class Producer {
  readonly #scene: Scene;
  readonly #seat: Seat;
  /** Has a session of its own, to ask what became of a transaction. */
  readonly #witness: Seat;
  readonly #name: string;
  readonly #committed: string[] = [];
  #isOpen = false;
  /** Names of events by savepoint: what has not been taken back. */
  #levels: string[][] = [[]];
  #written = 0;
  #ticksSeen = 0;

  constructor(scene: Scene, { seat, witness, name }: { seat: Seat; witness: Seat; name: string }) {
    this.#scene = scene;
    this.#seat = seat;
    this.#witness = witness;
    this.#name = name;
  }

  /** Names of the events that every consumer must see, and once. */
  get committed(): readonly string[] {
    return this.#committed;
  }

  /** Told when there was a tick. */
  ticked(): void {
    if (this.#isOpen) this.#ticksSeen += 1;
  }

  async do(step: ProducerStep): Promise<void> {
    const session = await this.#seat.session();
    if (step.act === 'begin old') {
      if (this.#isOpen) return;
      // Its snapshot of the queue is of now, whenever it writes.
      await session.query('begin isolation level repeatable read');
      await session.query('select 1');
      this.#isOpen = true;
      return;
    }
    if (!this.#isOpen) await session.query('begin');
    this.#isOpen = true;
    switch (step.act) {
      case 'write':
        for (let n = 0; n < step.n; n += 1) await this.#write();
        return;
      case 'savepoint':
        await session.query(`savepoint s${this.#levels.length}`);
        this.#levels.push([]);
        return;
      case 'take back': {
        if (this.#levels.length === 1) return;
        const gone = this.#levels.pop() ?? [];
        await session.query(`rollback to savepoint s${this.#levels.length}`);
        if (gone.length > 0) this.#scene.note('savepoints taken back');
        return;
      }
      case 'end':
        return this.end();
      case 'roll back':
        await session.query('rollback');
        if (this.#hasWritten) this.#scene.note('rolled back');
        this.#reset();
        return;
      case 'die':
        if (this.#hasWritten) this.#scene.note('producers died');
        this.#seat.die();
        this.#reset();
        return;
      case 'die committing':
        return this.#dieCommitting();
    }
  }

  /** Commits, if there is anything to be committed. */
  async end(): Promise<void> {
    if (!this.#isOpen) return;
    const session = await this.#seat.session();
    const hasWritten = this.#hasWritten;
    await this.#scene.overlaps.during(
      'commit',
      () => session.query('commit'),
      () => hasWritten,
    );
    this.#keep();
  }

  /** As `end`, but a transaction that has written nothing stays open. */
  async endWritten(): Promise<void> {
    if (this.#hasWritten) await this.end();
  }

  async #write(): Promise<void> {
    const session = await this.#seat.session();
    const name = `${this.#name} event ${(this.#written += 1)}`;
    await this.#scene.overlaps.during('write', () =>
      session.query(`select pgq.insert_event($1, 'random', $2)`, [this.#scene.queue, name]),
    );
    this.#levels.at(-1)?.push(name);
  }

  async #dieCommitting(): Promise<void> {
    const session = await this.#seat.session();
    const txid = await value<number>(session, 'select txid_current()');
    await this.#seat.dieDuring('commit');
    const isThere = await wasCommitted(await this.#witness.session(), txid);
    if (this.#hasWritten) this.#scene.note('producers died committing');
    if (isThere) this.#keep();
    else this.#reset();
  }

  get #hasWritten(): boolean {
    return this.#levels.some((names) => names.length > 0);
  }

  #keep(): void {
    this.#committed.push(...this.#levels.flat());
    if (this.#hasWritten && this.#ticksSeen >= 3) this.#scene.note('open over three ticks');
    this.#reset();
  }

  #reset(): void {
    this.#isOpen = false;
    this.#levels = [[]];
    this.#ticksSeen = 0;
  }
}
