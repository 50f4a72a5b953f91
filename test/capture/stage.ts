/** Where items are played: a provider, a twin of it that captures nothing, and a subscriber. */
import { expect } from 'vitest';
import { quoteIdent } from '../../src/db/identifiers.js';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { pinSettings } from '../../src/db/settings.js';
import { superuser } from '../../src/embedded/server.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { listTables } from '../../src/setup/subscriber-tables.js';
import { atEndOfFile } from '../support/at-end.js';
import { addBy, type Form } from '../support/capture-form.js';
import { asSuperuser, createDatabase, open, type Which } from '../support/databases.js';
import { reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { memoryLog } from '../ticker/memory-log.js';
import type { Item, Items, Write, WriteBy } from './item.js';

interface Outcome {
  readonly rows: unknown;
  readonly error: string;
}

export const isolations = ['read committed', 'repeatable read', 'serializable'] as const;

type Side = 'provider' | 'twin' | 'subscriber';

/** Settings that sessions begin with: defaults of the database, and of the owner in it, in turn, and what a writer runs first. */
export interface Sessions {
  readonly provider?: readonly string[];
  readonly subscriber?: readonly string[];
  readonly writer?: string;
}

/** A provider, its twin and a subscriber with the tables of some items. */
export class Stage {
  readonly #form: Form;
  readonly #sessions: Sessions;
  readonly #notes = memoryLog();
  readonly #sides = new Map<Side, ConnectSettings>();
  readonly #readers = new Map<string, Session>();
  readonly #writers = new Map<string, Session>();
  readonly #schemas = new Map<string, string>();
  readonly #failures = new Map<string, unknown>();
  readonly #played = new Map<string, number>();
  #items: Items = {};
  #pair: Pair | undefined;
  #replay: Daemons | undefined;
  #role = '';

  constructor(form: Form, sessions: Sessions = {}) {
    this.#form = form;
    this.#sessions = sessions;
  }

  get pair(): Pair {
    if (!this.#pair) throw new Error('the stage is not set');
    return this.#pair;
  }

  /** Makes the tables of `items` everywhere, with their rows, and replicates them. */
  async set(from: Which, to: Which, items: Items): Promise<void> {
    const pair = await createPair(from, to);
    this.#pair = pair;
    this.#items = items;
    const twin = await createDatabase(from);
    this.#sides
      .set('provider', pair.providerSettings)
      .set('twin', twin)
      .set('subscriber', pair.subscriberSettings);
    await this.#makeRole(pair.providerSettings, twin);
    for (const [side, settings] of this.#sides) {
      await this.#setDefaults(side, settings);
      const reader = await open({ ...settings, user: superuser }, 'reader');
      this.#readers.set(side, reader);
      await reader.execute('create extension hstore; create extension citext');
      await pinSettings(reader);
      await this.#makeTables(side, settings);
    }
    atEndOfFile(() =>
      Promise.all([...this.#readers.values(), ...this.#writers.values()].map((one) => one.end())),
    );
    const log = this.#notes.log;
    this.#replay = Daemons.replay(
      { ...pair, subscriberSettings: { ...pair.subscriberSettings, user: superuser } },
      { log },
    );
    await using mighty = await open({ ...pair.subscriberSettings, user: superuser });
    const names = Object.keys(items).flatMap((title) => this.names(title));
    await subscribeByHand(pair, names, mighty, addBy(this.#form));
    for (const title of Object.keys(items)) await this.compare(title, 'after the copy');
  }

  async #setDefaults(side: Side, { port, user, database }: ConnectSettings): Promise<void> {
    const { provider = [], subscriber = [] } = this.#sessions;
    for (const [n, setting] of (side === 'subscriber' ? subscriber : provider).entries()) {
      // Of the database, or of the role there, which counts for more.
      const whose = n % 2 === 0 ? `database ${database}` : `role ${user} in database ${database}`;
      await asSuperuser(port, (root) => root.execute(`alter ${whose} set ${setting}`));
    }
  }

  async #makeRole(provider: ConnectSettings, twin: ConnectSettings): Promise<void> {
    this.#role = `writer_${provider.database}`;
    const { port } = provider;
    await asSuperuser(port, (root) => root.execute(`create role ${this.#role} login`));
    atEndOfFile(async () => {
      for (const { database } of [provider, twin]) {
        await asSuperuser(port, (root) => root.execute(`drop owned by ${this.#role}`), database);
      }
      await asSuperuser(port, (root) => root.execute(`drop role ${this.#role}`));
    });
  }

  async #makeTables(side: Side, settings: ConnectSettings): Promise<void> {
    await using session = await open(settings);
    await session.execute(this.#sessions.writer ?? '');
    for (const [n, [title, { tables, here, there = '', rows = '' }]] of Object.entries(
      this.#items,
    ).entries()) {
      const schema = `item_${n}`;
      this.#schemas.set(title, schema);
      await session.execute(`create schema ${schema}; set search_path = ${schema}, public`);
      const texts = side === 'subscriber' ? [here ?? tables] : [tables, there, rows];
      for (const text of texts) await session.execute(this.#filled(text, settings));
      if (side !== 'subscriber')
        await session.execute(
          this.#filled(
            `grant usage on schema ${schema} to WRITER;
        grant all on all tables in schema ${schema} to WRITER; grant usage on all sequences in schema ${schema} to WRITER`,
            settings,
          ),
        );
    }
  }

  #filled(text: string, { database }: ConnectSettings): string {
    return text.replaceAll('WRITER', this.#role).replaceAll('GID', database);
  }

  /** The qualified names of an item's tables. */
  names(title: string): string[] {
    const names = this.#items[title]?.names ?? ['t'];
    return names.map((name) => (name.includes('.') ? name : `${this.#schemas.get(title) ?? ''}.${name}`));
  }

  /**
   * Runs the writes of all items from their first rows on, and compares: after each write, or, under the stricter levels,
   * at the end, when all is one batch.
   */
  async play(isolation: (typeof isolations)[number]): Promise<void> {
    const rounds = Math.max(...Object.values(this.#items).map(({ writes }) => writes.length));
    await this.#each(async (title, { rows = '' }) => {
      await this.write(title, `truncate ${this.names(title).join(', ')} restart identity`);
      if (rows !== '') await this.write(title, rows);
    });
    for (let n = 0; n < rounds; n += 1) {
      await this.#each(async (title, { writes }) => {
        const write = writes[n];
        if (write !== undefined) await this.write(title, write, isolation);
      });
      if (isolation !== 'read committed' && n < rounds - 1) continue;
      await this.tick();
      await this.#each((title, { writes }) =>
        n < writes.length || n === rounds - 1 ? this.compare(title, `write ${n + 1}`) : Promise.resolve(),
      );
    }
    for (const title of Object.keys(this.#items)) {
      if (!this.#failures.has(title)) this.#played.set(title, (this.#played.get(title) ?? 0) + 1);
    }
  }

  async #each(work: (title: string, item: Item) => Promise<void>): Promise<void> {
    for (const [title, item] of Object.entries(this.#items)) {
      if (this.#failures.has(title)) continue;
      await work(title, item).catch((error: unknown) => {
        this.#failures.set(title, error);
      });
    }
  }

  /** How many times an item was played to its end; throws what was wrong with it. */
  played(title: string): number {
    if (this.#failures.has(title)) throw this.#failures.get(title);
    return this.#played.get(title) ?? 0;
  }

  /** Runs a write on the provider and on the twin, which must come to the same. */
  async write(title: string, write: Write, isolation = 'read committed'): Promise<void> {
    const by = typeof write === 'string' ? { sql: write } : write;
    const there = await this.#run('provider', title, by, isolation);
    expect(there, by.sql).toEqual(await this.#run('twin', title, by, isolation));
    expect(there.error.slice(0, 5), `${by.sql}: ${there.error}`).toBe(by.fails ?? '');
  }

  async #run(
    side: 'provider' | 'twin',
    title: string,
    { as = 'owner', sql, data }: WriteBy,
    isolation: string,
  ): Promise<Outcome> {
    const settings = this.#sides.get(side);
    if (!settings) throw new Error('the stage is not set');
    const name = `${side} ${as}`;
    const session =
      this.#writers.get(name) ??
      (await this.#openWriter(as === 'writer' ? { ...settings, user: this.#role } : settings));
    this.#writers.set(name, session);
    await session.execute(`set search_path = ${this.#schemas.get(title) ?? ''}, public`);
    await session.execute(`set default_transaction_isolation = '${isolation}'`);
    try {
      const text = this.#filled(sql, settings).replaceAll('ITEM', this.#schemas.get(title) ?? '');
      const rows =
        data === undefined ? await session.query(text) : await session.copyIn(text, [Buffer.from(data)]);
      return { rows, error: '' };
    } catch (error) {
      if (!(error instanceof LondisteError)) throw error;
      await session.execute('rollback');
      return { rows: [], error: `${error.sqlstate ?? ''} ${String(error.cause)}` };
    }
  }

  async #openWriter(settings: ConnectSettings): Promise<Session> {
    const session = await open(settings, 'writer');
    await session.execute(this.#sessions.writer ?? '');
    return session;
  }

  /** Changes the subscriber's tables of an item as their owner. */
  async alterSubscriber(title: string, ddl: string): Promise<void> {
    await this.pair.subscriber.execute(`set search_path = ${this.#schemas.get(title) ?? ''}, public; ${ddl}`);
  }

  /** Ticks, and waits until replay has committed the tick. */
  async tick(): Promise<void> {
    await reach(this.pair, await tickNow(this.pair.provider, this.pair.name.queue), 60_000);
  }

  async compare(title: string, when: string): Promise<void> {
    for (const name of this.names(title)) {
      const there = await this.rows('provider', name);
      expect(await this.rows('subscriber', name), `${name}, ${when}`).toEqual(there);
      expect(there, `${name} and its twin, ${when}`).toEqual(await this.rows('twin', name));
    }
  }

  /** The rows of a table as text, columns by name, in the order of their text; long ones by their digest. */
  async rows(side: Side, name: string): Promise<string[]> {
    const reader = this.#readers.get(side);
    if (!reader) throw new Error('the stage is not set');
    const columns = await columnsOf(reader, name);
    const rows = await reader.query<{ row: string }>(
      `select case when length(r.row) > 3000 then length(r.row) || ' ' || md5(r.row) else r.row end as row
         from (select row(${columns})::text as row from ${name} t) as r order by r.row collate "C"`,
    );
    return rows.map(({ row }) => row);
  }

  /** No table has an error, nothing was warned of, and replay ends without one. */
  async end(): Promise<void> {
    const tables = await listTables(this.pair.subscriber, this.pair.name);
    expect(
      tables.filter(({ state }) => state !== 'ok').map(({ name, error }) => `${name}: ${error ?? ''}`),
    ).toEqual([]);
    expect(this.#notes.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
    await this.stop();
  }

  /** Ends replay; throws what ended it before. */
  async stop(): Promise<void> {
    await this.#replay?.stop();
  }
}

/** The columns of a table, qualified by `t`, in the order of their names. */
async function columnsOf(session: Session, table: string): Promise<string> {
  const columns = await session.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attname collate "C"`,
    [table],
  );
  return columns.map(({ name }) => `t.${quoteIdent(name)}`).join(', ');
}
