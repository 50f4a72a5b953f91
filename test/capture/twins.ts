/** A pair of databases with capture and replication between them, and the provider's twin, which has neither. */
import { expect } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { removeProviderTables } from '../../src/setup/provider.js';
import { removeSubscriberTables } from '../../src/setup/subscriber-tables.js';
import { guest } from '../support/clusters.js';
import { createDatabase, open, type Which } from '../support/databases.js';
import { reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { probe, probeTriggers } from '../support/nested-probe.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { memoryLog } from '../ticker/memory-log.js';
import { createTriggers, watches } from './app-triggers.js';
import type { Counts } from './counts.js';
import { createTable } from './create.js';
import { filterOf, whereFits } from './filter.js';
import type { Made } from './lane.js';
import { addDrawn, members } from './members.js';
import { Player } from './player.js';
import { keptPlaceOf, placeOf, rowsOf } from './rows.js';
import { Side } from './side.js';
import { firstRows } from './statements.js';
import { sessions, type Story } from './story.js';
import { Subscriber } from './subscriber.js';
import { makeTable, qualified, type Table } from './table.js';
import { types } from './values.js';

/** Everything that the last story made. */
const forget = `do $do$ declare v record; begin
  for v in select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and n.nspname not in ('pgq', 'londiste', 'pg_catalog', 'information_schema') loop
    execute 'drop table if exists ' || v.name || ' cascade';
  end loop; end $do$;
  drop schema if exists app cascade`;

/** What the guest may do with all that is made from then on. */
const grants = ['tables', 'sequences', 'schemas']
  .map((what) => `alter default privileges grant all on ${what} to ${guest};`)
  .join('\n');

/** The last event, and how often what is counted in sequences has happened. */
interface Marks {
  readonly id: number;
  readonly nested: number;
  readonly crossed: number;
  readonly moved: number;
}

export class Twins {
  readonly #notes = memoryLog();

  private constructor(
    readonly pair: Pair,
    readonly counts: Counts,
    readonly sides: readonly [Side, Side],
    readonly twin: Session,
    readonly replica: Session,
    readonly here: ConnectSettings,
  ) {}

  #replay: Daemons | undefined;

  static async make(from: Which, to: Which, counts: Counts): Promise<Twins> {
    const pair = await createPair(from, to);
    const twinSettings = await createDatabase(from);
    const twin = await open(twinSettings);
    // Only this role may keep foreign keys from acting on replayed rows, whatever the version is.
    const here = { ...pair.subscriberSettings, user: superuser };
    for (const session of [pair.provider, twin]) await session.execute(grants + types + probe + watches);
    await pair.subscriber.execute(types);
    await pair.provider.query('select pgq.announce_ticker()');
    // A tick or maintenance that waits for a writer is a failure, and not the end of the time for the test.
    await pair.provider.execute(`set statement_timeout = '20s'`);
    const sides = [
      await Side.open('with capture', pair.providerSettings, sessions),
      await Side.open('without capture', twinSettings, sessions),
    ] as const;
    const twins = new Twins(pair, counts, sides, twin, await open(here), here);
    twins.#replay = Daemons.replay({ ...pair, subscriberSettings: here }, { log: twins.#notes.log });
    return twins;
  }

  async play(story: Story): Promise<void> {
    const { pair, counts } = this;
    const begun = await this.#mark();
    const tables = story.tables.map(makeTable);
    const names = await this.#create(tables);
    const subscriber = new Subscriber(pair, this.replica, tables, {
      counts,
      followsAtOnce: story.follows === 'at once',
      tick: () => this.#tick(),
      // A copy is made of the table of the set's name, by the key that maintenance has found.
      beforeCopy: async (nr) => {
        await player.bringHome(nr);
        await this.#refresh();
      },
    });
    const player = new Player(tables, {
      sides: this.sides,
      major: pair.provider.major,
      counts,
      hasChanged: (made: readonly Made[]) => subscriber.hear(made),
    });
    try {
      for (const step of story.steps) {
        if (step === 'tick') await this.#tick();
        else if (step === 'make captures anew') await this.#refresh();
        else await player.play(step);
      }
      await player.finish();
      // What a partition that was detached took along is seen by maintenance alone.
      await this.#refresh();
      await reach(pair, await this.#tick());
      await subscriber.comeToRest();
      for (const table of player.tables) await this.#compare(table, subscriber);
      const nested = await this.#measure(begun);
      // What triggers do within a statement can look as if somebody had written to the subscriber; the rest may not.
      const isPlain = tables.every(({ spec }) => spec.isProbed && spec.triggers.length === 0);
      if (isPlain && nested === 0 && !subscriber.wasAltered && !subscriber.hasLostTrack)
        expect(this.#notes.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new Error(`${said}\n${player.transcript.join('\n')}`, { cause: error });
    }
    this.#notes.lines.length = 0;
    const subscribed = names.filter((name) => !subscriber.hasGivenUp(name));
    await removeSubscriberTables({ ...pair.ends, subscriber: this.replica }, subscribed);
    await removeProviderTables(pair.provider, pair.name.queue, names);
    await Promise.all([pair.provider, this.twin, this.replica].map((session) => session.execute(forget)));
  }

  async #create(tables: readonly Table[]): Promise<string[]> {
    const { provider, subscriber } = this.pair;
    const make = async (session: Session): Promise<void> => {
      for (const table of tables) {
        await session.execute(createTable(table, { side: 'there', major: session.major }));
        await session.execute(firstRows(table));
        await session.execute(createTriggers(table));
        if (table.spec.isProbed) await session.execute(probeTriggers(qualified(table)));
      }
    };
    const makeHere = async (): Promise<void> => {
      for (const table of tables)
        await subscriber.execute(createTable(table, { side: 'here', major: subscriber.major }));
    };
    await Promise.all([make(provider), make(this.twin), makeHere()]);
    const names = tables.flatMap(members);
    await subscribeByHand(this.pair, names, this.replica, addDrawn(tables));
    return names;
  }

  async #tick(): Promise<number> {
    this.counts.add('ticks');
    return tickNow(this.pair.provider, this.pair.name.queue);
  }

  async #refresh(): Promise<void> {
    const { n } = await this.pair.provider.one<{ n: number }>('select londiste.refresh_captures() as n');
    this.counts.add('captures made anew', n);
  }

  /** Capture has changed nothing of the application's, and the subscriber has all of it. */
  async #compare(table: Table, subscriber: Subscriber): Promise<void> {
    const place = table.isGone ? keptPlaceOf(table) : placeOf(table);
    const there = await rowsOf(this.pair.provider, place, table);
    expect(there, `${qualified(table)}: with capture, without`).toEqual(
      await rowsOf(this.twin, place, table),
    );
    const replicated = subscriber.tableOf(table.nr);
    if (members(replicated).some((name) => subscriber.hasGivenUp(name))) return;
    const here = await rowsOf(this.replica, placeOf(replicated), table);
    expect(here, `${qualified(table)}: subscriber, provider`).toEqual(
      await rowsOf(this.pair.provider, place, table, whereFits(table.spec)),
    );
    this.counts.compared(table.spec.form);
    if (table.isGone) this.counts.add('dropped tables compared');
    if (filterOf(table.spec) !== undefined) this.counts.add('filtered tables compared');
    if (table.columns.some(({ kind }) => kind === 'hstore')) this.counts.add('tables with hstore compared');
  }

  async #mark(): Promise<Marks> {
    const valueOf = (sequence: string): string =>
      `(select case when is_called then last_value else 0 end from ${sequence})`;
    return this.pair.provider.one(
      `select (select coalesce(max(ev_id), 0) from pgq.event_1) as id, ${valueOf('state_path')} as nested,
              ${valueOf('crossed_filter')} as crossed, ${valueOf('moved_between')} as moved`,
    );
  }

  /** Returns how many captures were nested, of tables that are probed. */
  async #measure(begun: Marks): Promise<number> {
    const now = await this.#mark();
    const nested = now.nested - begun.nested;
    this.counts.add('nested captures', nested);
    this.counts.add('rows crossed a filter', now.crossed - begun.crossed);
    this.counts.add('rows moved between partitions', now.moved - begun.moved);
    const { unknown } = await this.pair.provider.one<{ unknown: number }>(
      `select count(*) as unknown from pgq.event_1 where ev_id > $1
          and ev_extra2 in (select layout_id from londiste.layout where types is null)`,
      [begun.id],
    );
    this.counts.add('events of an unknown layout', unknown);
    return nested;
  }

  async end(): Promise<void> {
    for (const side of this.sides) await side.end();
    await this.#replay?.stop().catch(() => undefined);
    await Promise.all([this.twin.end(), this.replica.end()]);
  }
}
