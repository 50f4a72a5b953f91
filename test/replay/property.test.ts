/**
 * P1, P2: any sequence of changes, by two sessions, cut into batches anywhere, applied in pieces of any size, leaves the
 * subscriber at every tick with what the provider had there.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import type { Replayed } from '../../src/replay/replayer.js';
import { open, type Which } from '../support/databases.js';
import { reach, recordTick, stateAt, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { isLong, isReplay, playStories, seed } from '../support/random-stories.js';
import { memoryLog } from '../ticker/memory-log.js';
import { prelude, shapes, statement, type Kind, type Statement } from './shapes.js';

const tables = Object.keys(shapes);

/** Bytes that replay may use for changes: every row a chunk of its own, some twenty wide rows, or all of a batch. */
const budgets = [2_000, 2_200_000, 24 * 1024 * 1024] as const;

/** One thing that happens. `jump` draws so many event ids that the next tick has a batch of its own. */
type Step =
  | { readonly by: 0 | 1; readonly does: Statement }
  | { readonly by: 0 | 1; readonly ends: 'commit' | 'rollback' }
  | 'tick'
  | 'tick and wait'
  | 'jump'
  | 'hold'
  | 'let go';

const by = fc.constantFrom(0 as const, 1 as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ by, does: statement }) },
  { weight: 4, arbitrary: fc.record({ by, ends: fc.constant('commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ by, ends: fc.constant('rollback' as const) }) },
  { weight: 3, arbitrary: fc.constant('tick' as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('tick and wait' as const, 'jump' as const, 'hold' as const, 'let go' as const),
  },
);
const story = fc.record({
  budget: fc.constantFrom(...budgets),
  restarts: fc.boolean(),
  steps: fc.array(step, { minLength: 30, maxLength: 90, size: 'max' }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const does = (kind: Kind, sql: string): Step => ({ by: 0, does: { kind, sql } });
const commit: Step = { by: 0, ends: 'commit' };

/** A story that meets, for certain, what random ones meet sooner or later. */
const first: Story = {
  budget: budgets[0],
  restarts: false,
  steps: [
    does('insert', `insert into seat select n, n, 'first' from generate_series(1, 5) n`),
    does('many rows', `insert into plain select n, 'first' from generate_series(1, 50) n`),
    commit,
    'tick and wait',
    'hold',
    does('swap', 'update seat set n = 6 - n'),
    commit,
    'tick',
    does('key change', 'update plain set id = -id'),
    does('update', `update plain set v = 'changed' where id > -10`),
    commit,
    'tick',
    'jump',
    does('delete', 'delete from seat where id = 3'),
    does('swap', `insert into seat values (7, 3, 'handed on')`),
    commit,
    'tick',
    does('truncate', 'truncate plain, only_key'),
    'tick',
    'let go',
  ],
};

interface Counts {
  batches: number;
  merged: number;
  chunked: number;
  chunks: number;
  staged: number;
  compared: number;
  refused: number;
  readonly done: Map<Kind, number>;
}

/** A pair with a replay of some budget, and the sessions that write and look on. */
class Stage {
  private constructor(
    readonly pair: Pair,
    readonly writers: readonly [Session, Session],
    readonly reader: Session,
    readonly onlooker: Session,
    readonly holder: Session,
    readonly counts: Counts,
  ) {}

  readonly #notes = memoryLog();
  #replay: { readonly budget: number; readonly daemons: Daemons } | undefined;

  static async make(from: Which, to: Which, counts: Counts): Promise<Stage> {
    const pair = await createPair(from, to);
    for (const [session, side] of [
      [pair.provider, 'there'],
      [pair.subscriber, 'here'],
    ] as const) {
      await session.execute(prelude);
      for (const { there, here } of Object.values(shapes))
        await session.execute(side === 'there' ? there : (here ?? there));
    }
    const writer = (): Promise<Session> => open(pair.providerSettings, 'writer');
    const stage = new Stage(
      pair,
      [await writer(), await writer()],
      await open(pair.providerSettings),
      await open(pair.subscriberSettings),
      await open(pair.subscriberSettings),
      counts,
    );
    for (const session of [...stage.writers, stage.reader])
      await session.execute(`set lock_timeout = '15ms'`);
    await stage.serve(budgets[2]);
    await using mighty = await open({ ...pair.subscriberSettings, user: superuser });
    await subscribeByHand(pair, tables, mighty);
    return stage;
  }

  /** Has a replay of `budget` run, as a role that may keep foreign keys from acting. */
  async serve(budget: number, restart = false): Promise<void> {
    if (this.#replay?.budget === budget && !restart) return;
    await this.#replay?.daemons.stop();
    const { pair, counts } = this;
    const onBatch = ({ batch, chunks, staged }: Replayed): void => {
      counts.batches += 1;
      if (batch.to.tickId > batch.from.tickId + 1) counts.merged += 1;
      if (chunks > 1) counts.chunked += 1;
      counts.chunks += chunks;
      counts.staged += staged;
    };
    const daemons = Daemons.replay(
      { ...pair, subscriberSettings: { ...pair.subscriberSettings, user: superuser } },
      { memoryBytes: budget, onBatch, log: this.#notes.log },
    );
    this.#replay = { budget, daemons };
  }

  async play({ budget, restarts, steps }: Story): Promise<void> {
    await this.serve(budget, restarts);
    const there = new Map<number, string>();
    const running = [false, false];
    let held = false;
    for (const step of steps) {
      if (typeof step === 'object') {
        const session = this.writers[step.by];
        if ('does' in step)
          running[step.by] = await this.#write(session, step.does, running[step.by] === true);
        else if (running[step.by] === true) running[step.by] = await this.#end(session, step.ends);
      } else if (step === 'hold' && !held) {
        held = true;
        await this.holder.execute('begin; select from londiste.position for update');
      } else if (step === 'let go' && held) {
        held = false;
        await this.holder.execute('commit');
      } else if (step === 'jump') {
        await this.pair.provider.execute(
          `select setval(queue_event_seq::regclass, nextval(queue_event_seq::regclass) + 200001) from pgq.queue`,
        );
      } else if (step === 'tick' || step === 'tick and wait') {
        const tick = await this.#tick(there);
        if (step === 'tick and wait' && !held) await this.#compare(there, tick);
      }
    }
    if (held) await this.holder.execute('commit');
    for (const one of [0, 1] as const)
      if (running[one] === true) await this.#end(this.writers[one], 'commit');
    await this.#compare(there, await this.#tick(there));
    // Nobody else writes here, so nothing may have looked as if somebody had.
    expect(this.#notes.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  }

  /** What a statement that fails did, is the application's own affair: its transaction is rolled back. */
  async #write(session: Session, { kind, sql }: Statement, isRunning: boolean): Promise<boolean> {
    try {
      if (!isRunning) await session.execute('begin');
      await session.execute(sql);
      this.counts.done.set(kind, (this.counts.done.get(kind) ?? 0) + 1);
      return true;
    } catch {
      this.counts.refused += 1;
      await session.execute('rollback');
      return false;
    }
  }

  async #end(session: Session, how: 'commit' | 'rollback'): Promise<boolean> {
    await session.execute(how).catch(() => (this.counts.refused += 1));
    return false;
  }

  /** A tick, with what the provider holds there; where somebody has locked a table, only a tick. */
  async #tick(there: Map<number, string>): Promise<number> {
    const { reader, pair } = this;
    const queue = pair.name.queue;
    const recorded = await recordTick(queue, { reader, other: pair.provider }, tables).catch(() => undefined);
    if (recorded === undefined) return tickNow(pair.provider, queue);
    there.set(recorded.tick, recorded.digest);
    return recorded.tick;
  }

  async #compare(there: ReadonlyMap<number, string>, tick: number): Promise<void> {
    await reach(this.pair, tick, 10_000);
    const here = await stateAt(this.pair, this.onlooker, tables);
    const expected = there.get(here.tick);
    if (expected === undefined) return;
    this.counts.compared += 1;
    expect(here.digest.split(', ')).toEqual(expected.split(', '));
  }

  /** Also what is parked, or waits for locks: a story that failed leaves nothing to the next. */
  async end(): Promise<void> {
    for (const session of [...this.writers, this.holder, this.reader])
      await session.execute('rollback').catch(() => undefined);
    await this.#replay?.daemons.stop().catch(() => undefined);
    await Promise.all(
      [...this.writers, this.reader, this.onlooker, this.holder].map((session) => session.end()),
    );
  }
}

const budgetMs = isLong ? 600_000 : 20_000;

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  test('any changes, cut anywhere, in pieces of any size', { timeout: budgetMs * 3 + 60_000 }, async () => {
    const counts: Counts = {
      batches: 0,
      merged: 0,
      chunked: 0,
      chunks: 0,
      staged: 0,
      compared: 0,
      refused: 0,
      done: new Map(),
    };
    let stage: Stage | undefined;
    let stories = 0;
    await playStories(
      story,
      async (one) => {
        stage ??= await Stage.make(from, to, counts);
        stories += 1;
        try {
          await stage.play(one);
        } catch (error) {
          await stage.end();
          stage = undefined;
          throw error;
        }
      },
      { examples: [first], budgetMs },
    ).finally(() => stage?.end());
    console.log(
      `${from} to ${to}, seed ${seed}: ${stories} stories, ${counts.compared} states compared, ${counts.batches} batches (${counts.merged} of several ticks, ` +
        `${counts.chunked} cut into ${counts.chunks} chunks), ${counts.staged} tables waited for the end of a batch, ${counts.refused} statements refused there; ` +
        [...counts.done].map(([kind, n]) => `${kind} ${n}`).join(', '),
    );
    if (isReplay) return;
    const { done, refused, ...rest } = counts;
    // What the provider itself refuses is no change: it may be none at all.
    expect(refused).toBeGreaterThanOrEqual(0);
    for (const [what, count] of Object.entries(rest)) expect(count, what).toBeGreaterThan(0);
    for (const kind of ['insert', 'update', 'delete', 'key change', 'swap', 'truncate', 'many rows'] as const)
      expect(done.get(kind), kind).toBeGreaterThan(0);
  });
});
