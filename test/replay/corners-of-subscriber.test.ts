/** What a subscriber may have of its own on a replicated table, and what is then right: kept from acting, told, or refused. */
import { beforeAll, describe, expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import { removeProviderTables } from '../../src/setup/provider.js';
import { listTables, removeSubscriberTables } from '../../src/setup/subscriber-tables.js';
import { asSuperuser, open, type Which } from '../support/databases.js';
import { digest, reach, subscribeByHand, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { memoryLog } from '../ticker/memory-log.js';

/** Replayed by a role that may keep triggers from acting, or by the tables' owner, who may not. */
type Role = 'mighty' | 'owner';

/** A pair with a table `other` that must go on, whatever becomes of the table of a test. */
class Subscription {
  private constructor(
    readonly pair: Pair,
    readonly role: Role,
    readonly notes: ReturnType<typeof memoryLog>,
  ) {}

  static async make(from: Which, to: Which, role: Role): Promise<Subscription> {
    const made = new Subscription(await createPair(from, to), role, memoryLog());
    const { pair, notes } = made;
    const user = role === 'mighty' ? superuser : pair.subscriberSettings.user;
    Daemons.replay({ ...pair, subscriberSettings: { ...pair.subscriberSettings, user } }, { log: notes.log });
    for (const session of [pair.provider, pair.subscriber])
      await session.execute('create table other (n serial primary key)');
    await made.subscribe('other');
    return made;
  }

  async subscribe(table: string): Promise<void> {
    if (this.role === 'owner') return subscribeByHand(this.pair, [table]);
    await using mighty = await open({ ...this.pair.subscriberSettings, user: superuser });
    await subscribeByHand(this.pair, [table], mighty);
  }

  /** A replicated table of its own for a test, with 20 rows. */
  async table(name: string, here = `create table ${name} (id int primary key, v text)`): Promise<void> {
    await this.pair.provider.execute(
      `create table ${name} (id int primary key, v text); insert into ${name} select g, 'old' from generate_series(1, 20) g`,
    );
    await this.pair.subscriber.execute(here);
    await this.subscribe(name);
  }

  /** Runs it on the provider and waits until the subscriber has committed the tick after it. */
  async change(sql: string): Promise<void> {
    await this.pair.provider.execute(`${sql}; insert into other default values`);
    await reach(this.pair, await tickNow(this.pair.provider, this.pair.name.queue));
    expect(await this.#here('other')).toBe(await digest(this.pair.provider, ['other']));
  }

  async equal(table: string): Promise<void> {
    expect(await this.#here(table)).toBe(await digest(this.pair.provider, [table]));
  }

  /** As somebody reads whom row level security does not bind. */
  #here(table: string): Promise<string> {
    const { port, database } = this.pair.subscriberSettings;
    return asSuperuser(port, (root) => digest(root, [table]), database);
  }

  async stateOf(table: string): Promise<{
    state: string;
    error: string | undefined;
    hint: string | undefined;
    key: string | undefined;
    sqlstate: string | undefined;
  }> {
    const found = (await listTables(this.pair.subscriber, this.pair.name)).find(
      ({ name }) => name === `public.${table}`,
    );
    return {
      state: found?.state ?? 'none',
      error: found?.error,
      hint: found?.errorHint,
      key: found?.errorKey,
      sqlstate: found?.errorSqlstate,
    };
  }

  /** The change parks the table, whose error and hint say `words`; nothing of the change is there, and `other` goes on. */
  async parks(table: string, sql: string, ...words: string[]): Promise<void> {
    const before = await this.#here(table);
    await this.change(sql);
    const { state, error, hint, key, sqlstate } = await this.stateOf(table);
    expect(state).toBe('parked');
    for (const word of [table, ...words])
      expect(`${error} ${hint} ${key} ${sqlstate}`.toLowerCase()).toContain(word.toLowerCase());
    expect(hint).not.toBe('');
    expect(await this.#here(table)).toBe(before);
  }

  warnings(table: string): string[] {
    return this.notes.lines.filter((line) => line.startsWith('warn') && line.includes(table));
  }
}

const everyKind = (table: string): string =>
  `insert into ${table} values (100, 'new'); update ${table} set v = 'changed' where id % 2 = 0;
   update ${table} set id = id + 1000 where id = 5; delete from ${table} where id = 7`;

const changes = {
  insert: (table: string) => `insert into ${table} values (100, 'new')`,
  'insert of many': (table: string) =>
    `insert into ${table} select g, 'new' from generate_series(1000, 2000) g`,
  update: (table: string) => `update ${table} set v = 'changed' where id = 2`,
  delete: (table: string) => `delete from ${table} where id = 3`,
};

describe.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('from %s to %s', (from, to) => {
  let mighty: Subscription;
  let owner: Subscription;

  beforeAll(async () => {
    mighty = await Subscription.make(from, to, 'mighty');
    owner = await Subscription.make(from, to, 'owner');
    for (const { pair } of [mighty, owner]) {
      await pair.subscriber.execute(`create table fired (what text);
        create function note() returns trigger language plpgsql as $$begin insert into public.fired values (tg_name || ' ' || tg_op); return null; end$$;
        create function refuse() returns trigger language plpgsql as $$begin raise exception 'not here'; end$$;
        create function swallow() returns trigger language plpgsql as $$begin return null; end$$`);
    }
  });

  test('triggers and rules do not act, unless they are ENABLE REPLICA or ENABLE ALWAYS', async () => {
    await mighty.table('entry');
    await mighty.pair.subscriber.execute(`
      create trigger ordinary before insert or update or delete on entry for each row execute function refuse();
      create trigger as_replica after insert or update or delete on entry for each row execute function note();
      create trigger always after insert or update or delete on entry for each row execute function note();
      alter table entry enable replica trigger as_replica; alter table entry enable always trigger always;
      create rule swallow as on insert to entry do instead nothing; create rule keep as on delete to entry do instead nothing;
      create rule also as on update to entry do also insert into fired values ('rule')`);
    await mighty.change(everyKind('entry'));
    await mighty.equal('entry');
    expect(await mighty.pair.subscriber.query('select distinct what from fired order by what')).toEqual(
      ['always', 'as_replica'].flatMap((name) =>
        ['DELETE', 'INSERT', 'UPDATE'].map((op) => ({ what: `${name} ${op}` })),
      ),
    );
    expect(await mighty.stateOf('entry')).toMatchObject({ state: 'ok', error: undefined });
  });

  test('a rule that does something else instead', async () => {
    await mighty.table('ruled');
    await mighty.pair.subscriber.execute(
      `create rule elsewhere as on insert to ruled do instead insert into fired values (new.v); alter table ruled enable always rule elsewhere`,
    );
    await mighty.parks('ruled', changes.insert('ruled'), 'elsewhere', 'enable rule');
    await owner.table('ruled');
    await owner.pair.subscriber.execute(`create rule keep as on delete to ruled do instead nothing`);
    await owner.parks('ruled', changes.delete('ruled'), 'keep', 'session_replication_role');
  });

  test('so are they refused from the beginning', async () => {
    for (const [subscription, how] of [
      [mighty, 'enable always rule'],
      [owner, 'enable rule'],
    ] as const) {
      const { pair } = subscription;
      for (const session of [pair.provider, pair.subscriber])
        await session.execute('create table rules (id int primary key)');
      await pair.subscriber.execute(
        `create rule nothing as on update to rules do instead nothing; alter table rules ${how} nothing`,
      );
      await expect(subscription.subscribe('rules')).rejects.toThrow('rule');
    }
  });

  test.each(Object.entries(changes))('a trigger that swallows the rows of an %s', async (what, change) => {
    const table = `swallowed_by_${what.replaceAll(' ', '_')}`;
    await mighty.table(table);
    await mighty.pair.subscriber
      .execute(`create trigger swallow before ${what.split(' ')[0]} on ${table} for each row execute function swallow();
      alter table ${table} enable always trigger swallow`);
    await mighty.parks(table, change(table), 'on the subscriber');
  });

  test('a trigger that is made later, where the role may not keep it from firing', async () => {
    await owner.table('raising');
    await owner.pair.subscriber.execute(
      `create trigger refuse before update on raising for each row execute function refuse()`,
    );
    await owner.parks('raising', everyKind('raising'), 'refuse', 'session_replication_role');
  });

  test('row level security that binds the owner: told, not silently filtered', async () => {
    await owner.table('secured');
    await owner.pair.subscriber
      .execute(`alter table secured enable row level security; alter table secured force row level security;
      create policy low on secured using (id < 10)`);
    await owner.parks('secured', everyKind('secured'), 'row-level security');
  });

  test('rights that were taken away', async () => {
    await owner.table('revoked');
    const { port, database } = owner.pair.subscriberSettings;
    await asSuperuser(
      port,
      (root) => root.execute(`alter table revoked owner to ${superuser}; grant select on revoked to app`),
      database,
    );
    await owner.parks('revoked', everyKind('revoked'), 'permission denied');
  });

  test('columns in another order, and some of its own', async () => {
    await owner.table(
      'shaped',
      `create table shaped (own text default 'mine', v text, id int primary key, at timestamptz default now())`,
    );
    await owner.change(everyKind('shaped'));
    const columns = 'select id, v from shaped order by id';
    expect(await owner.pair.subscriber.query(columns)).toEqual(await owner.pair.provider.query(columns));
    expect(await owner.pair.subscriber.query('select own from shaped where id = 100')).toEqual([
      { own: 'mine' },
    ]);
  });

  test('a row that is refused is told by its key, among few and among many', async () => {
    const rejecting = (row: string): string =>
      `create function refuse_one() returns trigger language plpgsql as $$begin if ${row}.id = 17 then raise exception 'not this one'; end if; return coalesce(new, old); end$$;
       create trigger refuse_one before insert or update or delete on shown for each row execute function refuse_one();
       alter table shown enable always trigger refuse_one`;
    const refusals = {
      'type of few': {
        here: 'alter table shown alter v type varchar(8)',
        change: `update shown set v = 'much too long' where id = 17; update shown set v = 'short' where id <> 17`,
      },
      'trigger of few': {
        here: rejecting('new'),
        change: `update shown set v = 'x'; insert into shown values (40, 'x')`,
      },
      'trigger of a delete': { here: rejecting('old'), change: `delete from shown where id > 4` },
      'trigger of many': {
        here: rejecting('new'),
        change: `insert into shown select g, 'x' from generate_series(100, 4000) g; update shown set v = 'y'`,
      },
    };
    for (const [what, { here, change }] of Object.entries(refusals)) {
      await mighty.table('shown');
      await mighty.pair.subscriber.execute(here);
      await mighty.parks('shown', change, '17');
      expect(`${what} ${(await mighty.stateOf('shown')).key}`).toBe(`${what} (17)`);
      await removeSubscriberTables(mighty.pair.ends, ['shown']);
      await removeProviderTables(mighty.pair.provider, mighty.pair.name.queue, ['shown']);
      await mighty.pair.provider.execute('drop table shown');
      await mighty.pair.subscriber.execute('drop table shown; drop function if exists refuse_one');
    }
  });

  test('a constraint trigger that raises at the commit, of a batch with several tables', async () => {
    await mighty.table('deferring');
    await mighty.pair.subscriber
      .execute(`create constraint trigger refuse after update on deferring deferrable initially deferred
        for each row execute function refuse(); alter table deferring enable always trigger refuse`);
    await mighty.parks('deferring', everyKind('deferring'), 'not here');
    await mighty.pair.subscriber.execute('drop trigger refuse on deferring');
  });

  test('a partitioned table: rows move between its partitions, and it is emptied with all of them', async () => {
    await mighty.table(
      'parted',
      `create table parted (id int, v text, primary key (id)) partition by range (id);
       create table parted_low partition of parted for values from (0) to (10);
       create table parted_middle partition of parted for values from (10) to (1000);
       create table parted_high (v text, id int not null); alter table parted attach partition parted_high for values from (1000) to (5000);
       create unique index on parted_low (v) where v = 'only one'`,
    );
    await mighty.equal('parted');
    await mighty.change(everyKind('parted'));
    await mighty.equal('parted');
    await mighty.change(`insert into parted select g, 'many' from generate_series(2000, 4000) g on conflict do nothing;
      update parted set id = id - 1900 where id between 2010 and 2900; update parted set v = 'only one' where id = 2`);
    await mighty.equal('parted');
    await mighty.change(`update parted set v = 'was the one' where id = 2; update parted set v = 'only one' where id = 3;
      delete from parted where id % 3 = 1`);
    await mighty.equal('parted');
    await mighty.change(`truncate parted; insert into parted values (7, 'after')`);
    await mighty.equal('parted');
    expect(await mighty.stateOf('parted')).toMatchObject({ state: 'ok', error: undefined });
    await mighty.parks(
      'parted',
      `insert into parted values (9999, 'nowhere'), (8, 'here')`,
      'parted',
      '23514',
    );
  });

  test('rows that are not what the provider took them for are counted, told and healed', async () => {
    await owner.table('drifted');
    const { subscriber } = owner.pair;
    await subscriber.execute(
      `delete from drifted where id in (1, 2, 3); insert into drifted values (50, 'left over'), (51, 'left over')`,
    );
    await owner.change(
      `update drifted set v = 'healed' where id = 1; delete from drifted where id = 2; insert into drifted values (50, 'new'); delete from drifted where id = 19`,
    );
    expect(owner.warnings('drifted')).toHaveLength(1);
    expect(owner.warnings('drifted')[0]).toMatch(
      /public\.drifted.*2 rows were missing, 1 were there already/,
    );
    expect(owner.warnings('drifted')[0]).not.toMatch(/healed|left over/);
    await owner.change(
      `update drifted set v = 'healed' where id = 3; insert into drifted values (51, 'new')`,
    );
    await owner.equal('drifted');
    // Many at once take another way, and not a silent one.
    await subscriber.execute(
      `delete from drifted where id between 10 and 15; insert into drifted select g, 'left over' from generate_series(2000, 2400) g`,
    );
    await owner.change(
      `update drifted set v = 'all'; insert into drifted select g, repeat('x', 100) from generate_series(1000, 4000) g`,
    );
    await owner.equal('drifted');
    expect(owner.warnings('drifted').at(-1)).toMatch(/6 rows were missing, 401 were there already/);
    expect(await owner.stateOf('drifted')).toMatchObject({ state: 'ok' });
  });
});
