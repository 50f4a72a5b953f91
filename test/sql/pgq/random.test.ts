/**
 * Random stories of one queue: producers with rollbacks, savepoints and transactions that stay open, ticks, rotations,
 * consumers that crash and that retry events. Every committed event is processed exactly once by every consumer.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectSettings, Session } from '../../../src/db/session.js';
import { maintRetryEvents } from '../../../src/pgq/maintenance.js';
import { open } from '../../support/databases.js';
import { isLong, isReplay, playStories, seedOf } from '../../support/random-stories.js';
import { pgqDatabase, rotate, value } from './pgq-database.js';

const budgetMs = 25_000;
const writers = 3;
const consumers = 2;

/** `who` picks a producer or a consumer, `n` what there is to choose. */
type Step =
  | { act: 'write'; who: number; n: number }
  | { act: 'savepoint' | 'take back' | 'end' | 'roll back' | 'begin old'; who: number }
  | { act: 'tick' | 'rotate' | 'return retries' | 'all end' }
  | { act: 'consume'; who: number; end: 'finish' | 'crash' | 'crash unfinished'; retries: number };

const who = fc.nat(writers - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ act: fc.constant('write' as const), who, n: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constantFrom('savepoint', 'take back', 'end', 'end', 'roll back', 'begin old'),
      who,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constantFrom('tick', 'tick', 'tick', 'rotate', 'return retries', 'all end'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('consume' as const),
      who: fc.nat(consumers - 1),
      end: fc.constantFrom('finish', 'finish', 'finish', 'crash', 'crash unfinished'),
      retries: fc.nat(7),
    }),
  },
);

/** What every run must have met, so that passing means something. */
const example: Step[] = [
  { act: 'begin old', who: 2 },
  { act: 'write', who: 0, n: 2 },
  { act: 'savepoint', who: 0 },
  { act: 'write', who: 0, n: 1 },
  { act: 'take back', who: 0 },
  { act: 'end', who: 0 },
  { act: 'write', who: 1, n: 3 },
  { act: 'tick' },
  { act: 'tick' },
  { act: 'consume', who: 0, end: 'crash', retries: 1 },
  { act: 'consume', who: 0, end: 'crash unfinished', retries: 0 },
  { act: 'consume', who: 0, end: 'finish', retries: 1 },
  { act: 'tick' },
  { act: 'roll back', who: 1 },
  { act: 'return retries' },
  { act: 'rotate' },
  { act: 'write', who: 2, n: 1 },
  { act: 'tick' },
  { act: 'consume', who: 0, end: 'finish', retries: 0 },
  { act: 'all end' },
  { act: 'rotate' },
];

describe.each([
  ['oldest', 0],
  ['newest', 1],
] as const)('random stories of a queue on %s', (which, way) => {
  let settings: ConnectSettings;
  let sessions: Session[] = [];
  const met = {
    'rolled back': 0,
    'savepoints taken back': 0,
    'open over three ticks': 0,
    'batches crashed': 0,
    'crashed before the commit': 0,
    'retried events seen again': 0,
    rotations: 0,
    'events in a table that was not current': 0,
  };

  beforeAll(async () => {
    settings = await pgqDatabase(which);
    sessions = await Promise.all(Array.from({ length: writers + consumers + 1 }, () => open(settings)));
    await sessions[0]?.execute(
      'create table seen (queue text, consumer integer, data text, batch bigint, primary key (queue, consumer, data))',
    );
  });

  afterAll(async () => {
    await Promise.all(sessions.map((session) => session.end()));
    if (settings as ConnectSettings | undefined)
      console.log(`${which}: seed ${seedOf(way)}: ${JSON.stringify(met)}`);
  });

  it(
    'deliver every committed event exactly once to every consumer',
    { timeout: isLong ? 1_800_000 : 120_000 },
    async () => {
      let stories = 0;
      await playStories(
        fc.array(step, { minLength: 30, maxLength: 120 }),
        (steps) => new Story(sessions, `story ${(stories += 1)}`, met).play(steps),
        {
          examples: [example],
          budgetMs: isLong ? 1_500_000 : budgetMs,
          ...(isLong ? { most: 200 } : {}),
          seed: seedOf(way),
        },
      );
      console.log(`${which}: ${stories} stories`);
      if (isReplay) return;
      for (const [moment, times] of Object.entries(met)) expect(times, moment).toBeGreaterThan(0);
    },
  );
});

interface Producer {
  readonly session: Session;
  isOpen: boolean;
  /** Names of events by savepoint: what has not been taken back. */
  levels: string[][];
  ticksSeen: number;
}

class Story {
  readonly #queue: string;
  readonly #producers: Producer[];
  readonly #consumers: Session[];
  readonly #steward: Session;
  readonly #met: Record<string, number>;
  readonly #committed: string[] = [];
  #written = 0;
  #table = 0;

  constructor(sessions: readonly Session[], queue: string, met: Record<string, number>) {
    this.#queue = queue;
    this.#met = met;
    const [steward, ...others] = sessions;
    if (steward === undefined) throw new Error('no session');
    this.#steward = steward;
    this.#producers = others
      .slice(0, writers)
      .map((session) => ({ session, isOpen: false, levels: [[]], ticksSeen: 0 }));
    this.#consumers = others.slice(writers);
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.#steward.query('select pgq.create_queue($1)', [this.#queue]);
    await this.#steward.query(
      `update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0' where queue_name = $1`,
      [this.#queue],
    );
    for (const name of this.#consumerNames()) {
      await this.#steward.query('select pgq.register_consumer($1, $2)', [this.#queue, name]);
    }
    try {
      for (const one of steps) await this.#do(one);
      await this.#finish();
    } finally {
      for (const { session } of this.#producers) await session.query('rollback');
      await this.#steward.query('select pgq.drop_queue($1, true)', [this.#queue]);
    }
  }

  #consumerNames(): string[] {
    return this.#consumers.map((_, n) => `consumer ${n}`);
  }

  async #do(one: Step): Promise<void> {
    switch (one.act) {
      case 'tick':
        return this.#tick();
      case 'rotate':
        return this.#rotate();
      case 'return retries':
        while ((await maintRetryEvents(this.#steward)) > 0);
        return;
      case 'all end':
        for (const producer of this.#producers) await this.#end(producer);
        return;
      case 'consume':
        await this.#consume(one.who, one.end, one.retries);
        return;
      default: {
        const producer = this.#producers[one.who];
        if (producer !== undefined) await this.#produce(producer, one.act, 'n' in one ? one.n : 0);
      }
    }
  }

  async #produce(producer: Producer, act: string, n: number): Promise<void> {
    const { session } = producer;
    if (act === 'begin old') {
      if (producer.isOpen) return;
      // Its snapshot of the queue is of now, whenever it writes.
      await session.query('begin isolation level repeatable read');
      await session.query('select 1');
      producer.isOpen = true;
      return;
    }
    if (!producer.isOpen) await session.query('begin');
    producer.isOpen = true;
    if (act === 'write') {
      for (let k = 0; k < n; k += 1) {
        const name = `${this.#queue} event ${(this.#written += 1)}`;
        await session.query(`select pgq.insert_event($1, 'random', $2)`, [this.#queue, name]);
        producer.levels.at(-1)?.push(name);
      }
    } else if (act === 'savepoint') {
      await session.query(`savepoint s${producer.levels.length}`);
      producer.levels.push([]);
    } else if (act === 'take back' && producer.levels.length > 1) {
      const gone = producer.levels.pop() ?? [];
      await session.query(`rollback to savepoint s${producer.levels.length}`);
      if (gone.length > 0) this.#note('savepoints taken back');
    } else if (act === 'end') await this.#end(producer);
    else if (act === 'roll back') {
      await session.query('rollback');
      if (producer.levels.flat().length > 0) this.#note('rolled back');
      this.#reset(producer);
    }
  }

  async #end(producer: Producer): Promise<void> {
    if (!producer.isOpen) return;
    await producer.session.query('commit');
    const names = producer.levels.flat();
    this.#committed.push(...names);
    if (names.length > 0 && producer.ticksSeen >= 3) this.#note('open over three ticks');
    this.#reset(producer);
  }

  #reset(producer: Producer): void {
    producer.isOpen = false;
    producer.levels = [[]];
    producer.ticksSeen = 0;
  }

  async #tick(): Promise<void> {
    const made = await value<number | null>(this.#steward, 'select pgq.ticker($1)', [this.#queue]);
    if (made === null) return;
    for (const producer of this.#producers) if (producer.isOpen) producer.ticksSeen += 1;
  }

  async #rotate(): Promise<void> {
    const table = await rotate(this.#steward, this.#queue);
    if (table !== this.#table) this.#note('rotations');
    this.#table = table;
  }

  /** One batch in one transaction: events that are not retried are processed, which notes them; a second time fails. */
  async #consume(n: number, end: 'finish' | 'crash' | 'crash unfinished', retries: number): Promise<boolean> {
    const session = this.#consumers[n];
    if (session === undefined) return false;
    const batch = await value<number | null>(session, 'select pgq.next_batch($1, $2)', [
      this.#queue,
      `consumer ${n}`,
    ]);
    if (batch === null) return false;
    if (end === 'crash unfinished') {
      // As if it died with the batch open: whoever asks next gets the same one.
      await session.query('select * from pgq.get_batch_events($1)', [batch]);
      this.#note('crashed before the commit');
      return true;
    }
    await session.query('begin');
    const events = await session.query<{ id: number; data: string; retried: number; stray: boolean }>(
      `select e.ev_id as id, e.ev_data as data, coalesce(e.ev_retry, 0) as retried,
         not exists (select from pgq.event_template t where t.ev_id = e.ev_id and t.ev_txid = e.ev_txid
           and t.tableoid = (select to_regclass(q.queue_data_pfx || '_' || q.queue_cur_table) from pgq.queue q where q.queue_name = $2)) as stray
       from pgq.get_batch_events($1) e`,
      [batch, this.#queue],
    );
    for (const { id, data, retried, stray } of events) {
      if (retries > 0 && retried < 2 && id % 8 < retries) {
        await session.query('select pgq.event_retry($1, $2, 0)', [batch, id]);
        continue;
      }
      if (end === 'finish') {
        if (retried > 0) this.#note('retried events seen again');
        if (stray) this.#note('events in a table that was not current');
      }
      await session.query('insert into seen values ($1, $2, $3, $4)', [this.#queue, n, data, batch]);
    }
    await session.query('select pgq.finish_batch($1)', [batch]);
    await session.query(end === 'finish' ? 'commit' : 'rollback');
    if (end === 'crash' && events.length > 0) this.#note('batches crashed');
    return true;
  }

  async #finish(): Promise<void> {
    for (const producer of this.#producers) await this.#end(producer);
    for (const n of this.#consumers.keys()) {
      // Ticks until one sees all that was committed; what is retried comes back at the end.
      while (await this.#consume(n, 'finish', 0));
    }
    await this.#tick();
    for (let left = 1; left > 0;) {
      left = await value<number>(
        this.#steward,
        'select count(*) from pgq.retry_queue r join pgq.queue q on q.queue_id = r.ev_queue where q.queue_name = $1',
        [this.#queue],
      );
      while ((await maintRetryEvents(this.#steward)) > 0);
      await this.#tick();
      for (const n of this.#consumers.keys()) while (await this.#consume(n, 'finish', 0));
    }
    for (const n of this.#consumers.keys()) {
      const seen = await this.#steward.query<{ data: string }>(
        'select data from seen where queue = $1 and consumer = $2',
        [this.#queue, n],
      );
      expect(seen.map(({ data }) => data).sort(), `consumer ${n}`).toEqual([...this.#committed].sort());
    }
  }

  #note(moment: string): void {
    this.#met[moment] = (this.#met[moment] ?? 0) + 1;
  }
}
