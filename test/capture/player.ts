/**
 * Plays the steps of a story on two databases, one with capture and one without. A step has ended, or waits for another
 * session, on both of them before the next begins, so both see the same interleaving; at most one session waits at a time,
 * so that nothing depends on who is woken first.
 */
import { changed, decide, migration, type Change } from './changes.js';
import type { Counts } from './counts.js';
import { Lane, type Made, type Pending } from './lane.js';
import type { Outcome, Side } from './side.js';
import { isSplit } from './parts.js';
import { momentsOf, plan, type Command } from './statements.js';
import { guestSession, sessions, type Step } from './story.js';
import { makeTable, qualified, type Table } from './table.js';

/** Leaves nothing to go back to where the level is serializable, where it may come at any time, and sooner where more is read. */
const serializationFailure = '40001';

/**
 * A serializable transaction gave way to another because capture had asked the table for a row, which is a known gap: the two
 * sides have parted, and the story can tell no more.
 */
export class Parted extends Error {}

const isError = (outcome: Outcome): boolean => !outcome.endsWith(' rows');

type Deed = Exclude<Step, string>;

/** What the player has others do. */
export interface Surroundings {
  readonly sides: readonly Side[];
  readonly major: number;
  readonly counts: Counts;
  readonly hasChanged: (made: readonly Made[]) => Promise<void>;
}

export class Player {
  readonly #lanes = Array.from({ length: sessions }, () => new Lane());
  readonly #around: Surroundings;
  #prepared: { readonly gid: string; readonly made: readonly Made[] } | undefined;
  #gids = 0;
  tables: Table[];
  readonly transcript: string[] = [];

  constructor(tables: readonly Table[], around: Surroundings) {
    this.tables = [...tables];
    this.#around = around;
  }

  async play(step: Deed): Promise<void> {
    const lane = this.#lanes[step.by];
    if (!lane || lane.waiting) return;
    await this.#take(step, lane);
    await this.#goOn();
  }

  /** Commits everything, whoever waits for whom. */
  async finish(): Promise<void> {
    for (
      let rounds = 0;
      this.#lanes.some(({ isOpen, waiting }) => isOpen || waiting) || this.#prepared;
      rounds += 1
    ) {
      if (rounds > 10) throw new Error(`sessions wait for ever\n${await this.#locks()}`);
      for (const [by, lane] of this.#lanes.entries()) {
        if (lane.waiting) continue;
        if (lane.isOpen) await this.#end(by, lane, 'commit');
        else if (this.#prepared && by !== guestSession) await this.#finishPrepared(by, 'commit');
        await this.#goOn();
      }
    }
  }

  /** Gives a table the name back that it had first. */
  async bringHome(nr: number): Promise<void> {
    const { major } = this.#around;
    for (const does of ['schema', 'table'] as const) {
      const table = this.tables.find((one) => one.nr === nr);
      const first = table && makeTable(table.spec, nr);
      if (!table || table.isGone || !first || qualified(table) === qualified(first)) return;
      const change: Change = { does, to: does === 'schema' ? first.schema : first.name };
      await this.#do(0, migration(table, change, { side: 'there', major }), () =>
        this.#altered(this.#lane(0), nr, change),
      );
    }
  }

  async #take(step: Deed, lane: Lane): Promise<void> {
    const { by } = step;
    const { major, counts } = this.#around;
    switch (step.does) {
      case 'begin':
        if (lane.isOpen) return;
        return this.#do(by, `begin isolation level ${step.isolation}`, () => lane.begin(step.isolation));
      case 'write': {
        const table = this.#seen(lane, step.nr);
        if (table.isGone) return;
        const planned = plan(step.what, table, step, major);
        if (planned.isWhole) await this.#beAlone(lane, step.nr);
        const isAttached = planned.name === 'attach' && isSplit(table);
        if (isAttached) await this.#endOthers(lane);
        await this.#do(by, planned.command, () => {
          for (const moment of momentsOf(table, planned)) counts.add(moment);
          if (by === guestSession)
            counts.add(
              table.spec.hides === 'nothing' ? 'statements of a guest' : 'statements under row security',
            );
          lane.hasWritten = true;
        });
        if (isAttached && lane.isOpen) await this.#end(by, lane, 'commit');
        return;
      }
      case 'alter': {
        await this.#beAlone(lane, step.nr);
        const table = this.#seen(lane, step.nr);
        if (table.isGone) return;
        const change = decide(step.what, table, step);
        // What is kept of it would be as old as what the transaction sees.
        if (change.does === 'goes' && !lane.seesLatest) return;
        return this.#do(by, migration(table, change, { side: 'there', major }), () =>
          this.#altered(lane, table.nr, change),
        );
      }
      case 'savepoint':
        if (!lane.isOpen) return;
        return this.#do(by, 'savepoint s', () => lane.setSavepoint());
      case 'rollback to':
        if (!lane.hasSavepoint) return;
        return this.#rollbackTo(by, lane);
      case 'release':
        if (!lane.hasSavepoint) return;
        return this.#do(by, 'release s', () => lane.releaseSavepoint());
      case 'finish prepared':
        if (lane.isOpen || !this.#prepared) return;
        return this.#finishPrepared(by, step.a % 3 === 0 ? 'rollback' : 'commit');
      case 'commit':
      case 'rollback':
      case 'prepare':
        if (!lane.isOpen) return;
        return this.#end(by, lane, step.does === 'prepare' && this.#prepared ? 'commit' : step.does);
    }
  }

  #seen(lane: Lane, nr: number): Table {
    const table = this.tables[nr % this.tables.length];
    if (!table) throw new Error('there is no table');
    return lane.sees(table);
  }

  /**
   * Before what locks a partitioned table against everybody. Who names a partition needs no lock on the table, but its
   * capture does: with others about, the two sides would not wait alike.
   */
  async #beAlone(lane: Lane, nr: number): Promise<void> {
    const table = this.#seen(lane, nr);
    if (isSplit(table) && table.spec.isDirect) await this.finish();
  }

  /**
   * Before what locks the default partition against everybody, and is committed at once. Who writes to another partition by way
   * of the table needs no lock on that one, but its capture does.
   */
  async #endOthers(lane: Lane): Promise<void> {
    for (const [by, other] of this.#lanes.entries())
      if (other !== lane && other.isOpen && !other.waiting) await this.#end(by, other, 'commit');
    const isAlone = this.#lanes.every((other) => other === lane || !(other.isOpen || other.waiting));
    if (!isAlone || this.#prepared) await this.finish();
  }

  async #altered(lane: Lane, nr: number, change: Change): Promise<void> {
    this.#around.counts.note(change.does);
    this.#around.counts.add(lane.hasWritten ? 'ALTERs after writes' : 'ALTERs alone');
    lane.make({ nr, change });
    if (!lane.isOpen) await this.#commit(lane.end());
  }

  async #commit(made: readonly Made[]): Promise<void> {
    for (const { nr, change } of made) {
      this.tables = this.tables.map((table) => (table.nr === nr ? changed(table, change) : table));
      if (change.does === 'goes') this.#around.counts.add('tables dropped');
    }
    if (made.length > 0) await this.#around.hasChanged(made);
  }

  #rollbackTo(by: number, lane: Lane): Promise<void> {
    return this.#do(by, 'rollback to s', () => {
      this.#around.counts.add('savepoints rolled back');
      this.#around.counts.add('ALTERs rolled back', lane.backToSavepoint());
    });
  }

  #end(by: number, lane: Lane, how: 'commit' | 'rollback' | 'prepare'): Promise<void> {
    const { counts } = this.#around;
    if (how === 'rollback') return this.#rollback(by, lane);
    if (how === 'commit')
      return this.#do(
        by,
        'commit',
        () => {
          counts.add('commits');
          return this.#commit(lane.end());
        },
        true,
      );
    this.#gids += 1;
    const gid = `story ${this.#gids}`;
    return this.#do(
      by,
      (side) => `prepare transaction '${side.settings.database} ${gid}'`,
      () => {
        counts.add('transactions prepared');
        this.#prepared = { gid, made: lane.end() };
      },
      true,
    );
  }

  #rollback(by: number, lane: Lane): Promise<void> {
    return this.#do(
      by,
      'rollback',
      () => {
        this.#around.counts.add('rollbacks');
        this.#around.counts.add('ALTERs rolled back', lane.end().length);
      },
      true,
    );
  }

  async #finishPrepared(by: number, how: 'commit' | 'rollback'): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    await this.#do(
      by,
      (side) => `${how} prepared '${side.settings.database} ${prepared?.gid ?? ''}'`,
      () => (how === 'commit' ? this.#commit(prepared?.made ?? []) : undefined),
    );
  }

  /** Has both sides do the same. Where the session has to wait, `then` follows when it goes on. */
  async #do(
    by: number,
    what: Command | ((side: Side) => Command),
    then: Pending['then'],
    ends = false,
  ): Promise<void> {
    const { sides, counts } = this.#around;
    const on = (side: Side): Command => (typeof what === 'function' ? what(side) : what);
    const [first] = sides;
    const text = first ? JSON.stringify(on(first)) : '';
    const pending = { text, runs: sides.map((side) => side.start(by, on(side))), ends, then };
    if (await this.#settled(pending)) return this.#finished(by, pending);
    this.transcript.push(`${by} waits: ${text}`);
    counts.add('waits');
    const lane = this.#lane(by);
    if (this.#lanes.some(({ waiting }) => waiting)) {
      counts.add('waiting statements cancelled');
      await Promise.all(sides.map((side) => side.cancel(by)));
      await Promise.all(pending.runs.map(({ done }) => done));
      await this.#finished(by, pending);
    } else lane.waiting = pending;
  }

  #lane(by: number): Lane {
    const lane = this.#lanes[by];
    if (!lane) throw new Error(`there is no session ${by}`);
    return lane;
  }

  /** Lets the session that waited come to its end, where it can. */
  async #goOn(): Promise<void> {
    for (;;) {
      const by = this.#lanes.findIndex(({ waiting }) => waiting);
      const lane = this.#lanes[by];
      if (!lane?.waiting || !(await this.#settled(lane.waiting))) return;
      const pending = lane.waiting;
      lane.waiting = undefined;
      await this.#finished(by, pending);
    }
  }

  /** Whether the statement has ended; false where it waits, on both sides. */
  async #settled({ runs, text }: Pending): Promise<boolean> {
    for (let tries = 0; tries < 10; tries += 1) {
      const ended = await Promise.all(runs.map((run) => run.settled()));
      if (ended.every((one) => one === ended[0])) return ended[0] === true;
    }
    const outcomes = runs.map(({ outcome, message }) => `${outcome ?? 'waits'} ${message}`);
    throw new Error(`${text}: ${outcomes.join(' / ')}\n${await this.#locks()}`);
  }

  async #locks(): Promise<string> {
    return (await Promise.all(this.#around.sides.map((side) => side.locks()))).join('\n');
  }

  async #finished(by: number, { runs, text, ends, then }: Pending): Promise<void> {
    const { counts } = this.#around;
    const outcomes = runs.map(({ outcome }) => outcome ?? '');
    const [outcome = ''] = outcomes;
    this.transcript.push(`${by}: ${text} -> ${outcomes.join(' / ')}`);
    const lane = this.#lane(by);
    const isDoomed = lane.isSerializable && outcomes.includes(serializationFailure);
    if (isDoomed && outcomes.every(isError) && outcomes.some((one) => one !== outcome)) {
      counts.note('serialization failures instead of other errors');
      if (ends) lane.end();
      else await this.#rollback(by, lane);
      return;
    }
    if (outcomes.some((one) => one !== outcome)) {
      const said = `${text} with and without capture:\n${runs.map(({ message, outcome: o }) => `${o ?? ''} ${message}`).join('\n')}`;
      throw isDoomed && outcome === serializationFailure ? new Parted(said) : new Error(said);
    }
    if (!isError(outcome)) return then();
    counts.add('errors agreed upon');
    counts.note(outcome);
    if (outcome === '40P01') counts.add('deadlocks');
    if (outcome === serializationFailure) counts.add('serialization failures');
    if (ends) lane.end();
    else if (lane.hasSavepoint && !isDoomed) await this.#rollbackTo(by, lane);
    else if (lane.isOpen) await this.#rollback(by, lane);
  }
}
