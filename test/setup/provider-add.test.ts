/** What `provider add` refuses, by name and with what to type, and what it does beside tables that are in use: on both majors. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { CaptureOptions } from '../../src/londiste/provider.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { addProviderTables, checkProvider, removeProviderTables } from '../../src/setup/provider.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { createPair, type Pair } from '../support/pair.js';

const queue = 'q';

interface Refusal {
  /** Makes the table, called TBL. */
  readonly sql: string;
  readonly options?: CaptureOptions;
  readonly message: string;
  /** A part of what to type. */
  readonly hint: string;
  /** What to do so that it can be added; the hint itself when undefined, nothing when empty. */
  readonly mend?: string;
  /** Only where the server has it. */
  readonly from?: number;
}

const both = 'provider add public.TBL --insert-only where rows are never updated or deleted, or --full-row';

const refusals: Readonly<Record<string, Refusal>> = {
  no_key: {
    sql: 'create table TBL (a int)',
    message: 'table public.TBL has no usable key',
    hint: both,
    mend: 'alter table public.TBL add primary key (a)',
  },
  late: {
    sql: 'create table TBL (id int primary key deferrable initially deferred, v text)',
    message: 'table public.TBL has no usable key: constraint TBL_pkey is deferrable',
    hint: `alter table public.TBL drop constraint TBL_pkey, add constraint TBL_pkey PRIMARY KEY (id); else ${both}`,
    mend: 'alter table public.TBL drop constraint TBL_pkey, add constraint TBL_pkey primary key (id)',
  },
  deferrable_partition: {
    sql: `create table TBL_all ("Id" int, v text, constraint "K" primary key ("Id") deferrable) partition by range ("Id");
      create table TBL partition of TBL_all for values from (0) to (9)`,
    message: 'table public.TBL has no usable key: constraint "K" is deferrable',
    hint: 'alter table public.TBL_all drop constraint "K", add constraint "K" PRIMARY KEY ("Id");',
    mend: 'alter table TBL_all drop constraint "K", add constraint "K" primary key ("Id")',
  },
  nullable: {
    sql: 'create table TBL (a int unique, "B" int, c int)',
    message: 'table public.TBL has no usable key: column a of index TBL_a_key may be NULL',
    hint: `alter table public.TBL alter column a set not null; else ${both}`,
    mend: 'alter table public.TBL alter column a set not null',
  },
  nullables: {
    sql: 'create table TBL (a int, "B" int, unique (a, "B") deferrable)',
    message: 'columns a, "B" of index "TBL_a_B_key" may be NULL',
    hint: `alter table public.TBL drop constraint "TBL_a_B_key", add constraint "TBL_a_B_key" UNIQUE (a, "B"), alter column a set not null, alter column "B" set not null;`,
    mend: `alter table public.TBL drop constraint "TBL_a_B_key", add constraint "TBL_a_B_key" unique (a, "B"), alter column a set not null, alter column "B" set not null`,
  },
  partial: {
    sql: 'create table TBL (a int not null); create unique index TBL_a on TBL (a) where a > 0',
    message: 'table public.TBL has no usable key: index TBL_a has a condition',
    hint: `alter table public.TBL add primary key (COLUMN); else ${both}`,
    mend: 'alter table public.TBL add primary key (a)',
  },
  expression: {
    sql: 'create table TBL (a text not null); create unique index TBL_a on TBL (lower(a))',
    message: 'table public.TBL has no usable key: index TBL_a is over an expression',
    hint: `alter table public.TBL add primary key (COLUMN); else ${both}`,
    mend: 'alter table public.TBL add primary key (a)',
  },
  unvalidated: {
    sql: `create table TBL (a int unique); alter table TBL add constraint TBL_filled not null a not valid`,
    message: 'column a of index TBL_a_key may be NULL',
    hint: `alter table public.TBL validate constraint TBL_filled; else ${both}`,
    mend: 'alter table public.TBL validate constraint TBL_filled',
    from: 18,
  },
  ranges: {
    sql: 'create table TBL (a int4range, span int4range, constraint TBL_pkey primary key (a, span without overlaps))',
    message: 'constraint TBL_pkey keeps rows from overlapping, not from being equal',
    hint: 'create unique index on public.TBL (COLUMN) over columns that are NOT NULL',
    mend: 'create unique index on public.TBL (a, span)',
    from: 18,
  },
  index_missing: {
    sql: 'create table TBL (id int primary key, code int)',
    options: { identity: { index: 'TBL_code' } },
    message: 'table public.TBL has no usable index TBL_code: it has no such index',
    hint: 'create unique index TBL_code on public.TBL (COLUMN), and alter table public.TBL alter COLUMN set not null',
    mend: 'create unique index TBL_code on public.TBL (code); alter table TBL alter code set not null',
  },
  index_nullable: {
    sql: 'create table TBL (id int primary key, code int); create unique index TBL_code on TBL (code)',
    options: { identity: { index: 'TBL_code' } },
    message: 'table public.TBL has no usable index TBL_code: column code of index TBL_code may be NULL',
    hint: 'alter table public.TBL alter column code set not null',
  },
  index_deferrable: {
    sql: 'create table TBL (id int primary key, code int not null, constraint TBL_code unique (code) include (id) deferrable)',
    options: { identity: { index: 'TBL_code' } },
    message: 'table public.TBL has no usable index TBL_code: constraint TBL_code is deferrable',
    hint: 'alter table public.TBL drop constraint TBL_code, add constraint TBL_code UNIQUE (code) INCLUDE (id)',
  },
  index_not_unique: {
    sql: 'create table TBL (id int primary key, code int, more int not null); create index TBL_code on TBL (more, code)',
    options: { identity: { index: 'TBL_code' } },
    message:
      'table public.TBL has no usable index TBL_code: index TBL_code is not unique, column code of index TBL_code may be NULL',
    hint: 'create unique index NAME on public.TBL (more, code), and alter table public.TBL alter column code set not null, then londiste CONFIG provider add public.TBL --key NAME',
    mend: 'drop index TBL_code; create unique index TBL_code on TBL (more)',
  },
  no_select: {
    sql: 'create table TBL (id int primary key); revoke select on TBL from app',
    message: 'role app may not select from table public.TBL and put triggers on it',
    hint: 'grant select, trigger on public.TBL to app',
  },
  no_trigger: {
    sql: 'create table TBL (id int primary key); revoke trigger on TBL from app',
    message: 'role app may not select from table public.TBL and put triggers on it',
    hint: 'grant select, trigger on public.TBL to app',
  },
  unlogged_partition: {
    sql: `create table TBL (id int primary key) partition by range (id);
      create unlogged table TBL_1 partition of TBL for values from (0) to (9)`,
    message:
      'partition public.TBL_1 of table public.TBL is unlogged or temporary: it loses rows without an event',
    hint: 'alter table public.TBL_1 set logged',
  },
  subquery: {
    sql: 'create table TBL (id int primary key)',
    options: { where: 'id in (select 1)' },
    message: 'table public.TBL cannot be filtered by (id in (select 1)): cannot use subquery',
    hint: 'immutable functions over columns of this table',
  },
  virtual_column: {
    sql: 'create table TBL (id int primary key, twice int generated always as (id * 2) virtual)',
    options: { where: 'twice > 2' },
    message: 'table public.TBL cannot be filtered by column twice, which is virtual',
    hint: 'write its expression instead of its name',
    from: 18,
  },
  statement_of_partitioned: {
    sql: 'create table TBL (id int primary key) partition by range (id)',
    options: { capture: 'statement' },
    message: 'table public.TBL cannot be captured by statement',
    hint: 'londiste CONFIG provider add public.TBL --capture row',
  },
  statement_of_partition: {
    sql: `create table TBL_all (id int primary key) partition by range (id);
      create table TBL partition of TBL_all for values from (0) to (9)`,
    options: { capture: 'statement' },
    message: 'what is written through another table of its partition tree',
    hint: 'londiste CONFIG provider add public.TBL --capture row',
  },
  statement_of_parent: {
    sql: 'create table TBL (id int primary key); create table TBL_child () inherits (TBL)',
    options: { capture: 'statement' },
    message: 'what is written through another table of its inheritance tree',
    hint: 'londiste CONFIG provider add public.TBL --capture row',
  },
  statement_of_child: {
    sql: 'create table TBL_all (id int); create table TBL (primary key (id)) inherits (TBL_all)',
    options: { capture: 'statement' },
    message: 'what is written through another table of its inheritance tree',
    hint: 'londiste CONFIG provider add public.TBL --capture row',
  },
};

/** Not mended by SQL: what is asked for is not to be had, or the command is to be typed otherwise. */
const final = ['subquery', 'virtual_column'];

describe.each([
  ['oldest', 14],
  ['newest', 18],
] as const)('%s server', (which, major) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await createPair(which, which);
  });

  const refusalOf = async (tables: string[], options: CaptureOptions = {}): Promise<LondisteError> => {
    try {
      await addProviderTables(pair.provider, queue, tables, options);
    } catch (error) {
      if (error instanceof LondisteError) return error;
    }
    throw new Error(`${tables.join(', ')} was not refused`);
  };

  const supported = Object.entries(refusals).filter(([, { from = 14 }]) => from <= major);
  test.each(supported)(
    'is refused, and can be added once what it says is done: %s',
    async (name, { sql, options = {}, message, hint, mend = hint }) => {
      const named = (text: string): string => text.replaceAll('TBL', name);
      await pair.provider.execute(named(sql));
      const refused = await refusalOf([name], optionsOf(options, named));
      expect(refused.message).toContain(named(message));
      expect(refused.hint).toContain(named(hint));
      expect(
        await pair.provider.query(
          `select from pg_trigger where tgrelid = $1::regclass and tgname like 'londiste%'`,
          [name],
        ),
      ).toEqual([]);
      if (final.includes(name)) return;
      const isOption = mend.startsWith('londiste');
      if (!isOption) await pair.provider.execute(named(mend));
      expect(
        await addProviderTables(
          pair.provider,
          queue,
          [name],
          isOption ? { capture: 'row' } : optionsOf(options, named),
        ),
      ).toEqual([`public.${name}`]);
    },
  );

  test('a temporary table is refused', async () => {
    await using session = await open(pair.providerSettings);
    await session.execute('create temporary table passing (id int primary key)');
    const { name } = await session.one<{ name: string }>(
      `select format('%s.passing', pg_my_temp_schema()::regnamespace) as name`,
    );
    await expect(addProviderTables(session, queue, [name])).rejects.toMatchObject({
      message: expect.stringContaining(`table ${name} is temporary: only its own session sees it`) as string,
      hint: 'add an ordinary table',
    });
  });

  test('an index that no longer does is told by check with what mends that one', async () => {
    const { provider } = pair;
    await provider.execute(
      'create table coded (id int primary key, code int not null); create unique index coded_code on coded (code)',
    );
    await addProviderTables(provider, queue, ['coded'], { identity: { index: 'coded_code' } });
    await provider.execute('alter table coded alter column code drop not null');
    const faults = (await checkProvider(provider, queue)).faults.filter(
      ({ object }) => object === 'table public.coded',
    );
    expect(faults).toEqual([
      {
        object: 'table public.coded',
        what: 'it has no usable key any more: column code of index coded_code may be NULL',
        fix: 'alter table public.coded alter column code set not null',
        isFault: true,
      },
    ]);
  });

  describe('a table that is in use', () => {
    /** Rows in that many events of the table. */
    const events = (name: string): Promise<unknown[]> =>
      pair.provider.query('select from pgq.event_template where ev_extra1 = $1', [name]);

    test('is waited for a moment at a time, and writers do not queue behind that for longer', async () => {
      await using holder = await open(pair.providerSettings);
      await using writer = await open(pair.providerSettings);
      await using adding = await open(pair.providerSettings);
      await holder.execute('create table used (id int primary key)');
      await holder.execute('begin; insert into used values (1)');
      const added = addProviderTables(adding, queue, ['used']);
      added.catch(() => undefined);
      const slowest = { ms: 0, waited: 0 };
      for (let id = 2; id < 6; id += 1) {
        // Behind our request for the lock: the next try of it has begun.
        await eventually(
          () =>
            pair.provider.query(
              `select from pg_locks where relation = 'used'::regclass and mode = 'ShareRowExclusiveLock' and not granted`,
            ),
          [{}],
        );
        const began = performance.now();
        await writer.query('insert into used values ($1)', [id]);
        const ms = performance.now() - began;
        slowest.ms = Math.max(slowest.ms, ms);
        if (ms > 100) slowest.waited += 1;
      }
      expect(slowest.waited, 'writers that queued behind us').toBeGreaterThan(0);
      expect(slowest.ms).toBeLessThan(1500);
      await holder.execute('commit');
      expect(await added).toEqual(['public.used']);
      await writer.execute('insert into used values (100)');
      expect(await events('public.used')).toHaveLength(1);
    });

    test('for too long is named, with what shows who uses it', { timeout: 60_000 }, async () => {
      await using holder = await open(pair.providerSettings);
      await holder.execute(`create table taken (id int primary key) partition by range (id);
        create table "taken's" partition of taken for values from (0) to (9); create table idle (id int primary key)`);
      await holder.execute(`begin; insert into "taken's" values (1)`);
      const refused = await refusalOf(['idle', 'taken']);
      expect(refused).toMatchObject({ kind: 'busy', sqlstate: '55P03' });
      expect(refused.message).toContain(
        'table public.taken was in use by other transactions at each of 8 tries',
      );
      const [, shows = ''] = refused.hint.split('who they are: ');
      const { pid } = await holder.one<{ pid: number }>('select pg_backend_pid() as pid');
      expect(await pair.provider.query(shows)).toMatchObject([{ pid, state: 'idle in transaction' }]);
      await holder.execute('commit');
      expect(await addProviderTables(pair.provider, queue, ['idle', 'taken'])).toHaveLength(2);
    });
  });

  describe('partitions', () => {
    const tree = (schema: string): string => `create schema ${schema};
      create table ${schema}.whole (id int, primary key (id)) partition by range (id);
      create table ${schema}.low partition of ${schema}.whole for values from (0) to (100);
      create table ${schema}.rest partition of ${schema}.whole for values from (100) to (300) partition by range (id);
      create table ${schema}.high partition of ${schema}.rest for values from (100) to (200);
      create table ${schema}.parent (id int primary key);
      create table ${schema}.child (primary key (id)) inherits (${schema}.parent)`;

    const eventsOf = (schema: string): Promise<unknown[]> =>
      pair.provider.query(
        `select ev_extra1 as table, ev_data as row from pgq.event_template where ev_extra1 like $1 order by ev_id`,
        [`${schema}.%`],
      );

    test('patterns mean the whole, and each row is one event', async () => {
      await pair.provider.execute(tree('globs'));
      expect(await addProviderTables(pair.provider, queue, ['globs.*'])).toEqual([
        'globs.child',
        'globs.parent',
        'globs.whole',
      ]);
      await pair.provider.execute(
        'insert into globs.whole values (1), (150); insert into globs.high values (151); insert into globs.child values (7)',
      );
      expect(await eventsOf('globs')).toEqual([
        { table: 'globs.whole', row: '(1)' },
        { table: 'globs.whole', row: '(150)' },
        { table: 'globs.whole', row: '(151)' },
        { table: 'globs.child', row: '(7)' },
      ]);
    });

    test('one whose whole is in the set is refused, at whatever level', async () => {
      await pair.provider.execute(tree('above'));
      await addProviderTables(pair.provider, queue, ['above.whole']);
      for (const part of ['above.low', 'above.rest', 'above.high']) {
        const refused = await refusalOf([part]);
        expect(refused.message).toContain(
          `table ${part} is a partition of table above.whole, with which the set of queue q captures it already`,
        );
        expect(refused.hint).toContain(`londiste CONFIG provider remove above.whole, then add ${part}`);
      }
      await removeProviderTables(pair.provider, queue, ['above.whole']);
      expect(await addProviderTables(pair.provider, queue, ['above.low', 'above.rest'])).toHaveLength(2);
    });

    test('the whole is refused beside a part of it, and a part stays possible alone', async () => {
      await pair.provider.execute(tree('below'));
      await addProviderTables(pair.provider, queue, ['below.high']);
      for (const whole of ['below.whole', 'below.rest']) {
        const refused = await refusalOf([whole]);
        expect(refused.message).toContain(
          `table ${whole} cannot be in the set of queue q beside its partition below.high`,
        );
        expect(refused.hint).toBe(`londiste CONFIG provider remove below.high, then add ${whole}`);
      }
      await addProviderTables(pair.provider, queue, ['below.low']);
      await removeProviderTables(pair.provider, queue, ['below.high', 'below.low']);
      const together = await refusalOf(['below.whole', 'below.high']);
      expect(together.message).toContain('table below.high is a partition of table below.whole');
      expect(await addProviderTables(pair.provider, queue, ['below.whole'])).toEqual(['below.whole']);
    });

    test('a table of the set that becomes a partition of another is told by check', async () => {
      await pair.provider.execute(`${tree('later')}; create table later.own (id int primary key)`);
      await addProviderTables(pair.provider, queue, ['later.whole', 'later.own'], { capture: 'row' });
      await pair.provider.execute(
        'alter table later.whole attach partition later.own for values from (400) to (500)',
      );
      const { faults } = await checkProvider(pair.provider, queue);
      expect(faults.filter(({ object }) => object === 'table later.own')).toEqual([
        {
          object: 'table later.own',
          what: 'it is a partition of table later.whole, which is in the set too: each of its changes is captured twice',
          fix: 'londiste CONFIG provider remove later.own',
          isFault: true,
        },
      ]);
    });
  });
});

function optionsOf(options: CaptureOptions, named: (text: string) => string): CaptureOptions {
  const { identity } = options;
  return { ...options, ...(typeof identity === 'object' && { identity: { index: named(identity.index) } }) };
}
