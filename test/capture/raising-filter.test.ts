/** A row filter that fails, whatever it fails with: no write does, and the table is told to need a copy. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { servers } from '../support/capture-form.js';
import { open } from '../support/databases.js';
import { createPair, type Pair } from '../support/pair.js';

/** A function that takes 0 to be fit and raises for other values of the key what they stand for. */
const raised: Readonly<Record<string, string>> = {
  '1': '21000',
  '2': '0A000',
  '3': 'UE001',
  '4': '55000',
  '5': '23505',
  '6': 'P0004',
  '7': '22012',
  '8': '42883',
};
const judge = `create function judge(v int) returns boolean language plpgsql immutable as $f$ begin
  ${Object.entries(raised)
    .map(([v, code]) => `if v = ${v} then raise exception 'judge of ${v}' using errcode = '${code}'; end if;`)
    .join(' ')} return true; end $f$`;

describe.each(servers)('%s server, capture by %s', (which, capture) => {
  let pair: Pair;
  let writer: Session;
  beforeAll(async () => {
    pair = await createPair(which, which);
    await pair.provider.execute(`${judge}; create domain small as int check (value < 100)`);
    writer = await open(pair.providerSettings);
    return () => writer.end();
  });

  async function add(table: string, where: string, columns = 'id int primary key, v int'): Promise<void> {
    await pair.provider.execute(`create table ${table} (${columns})`);
    await addProviderTables(pair.provider, pair.name.queue, [table], { where, capture });
  }

  /** Runs one write and returns what its events say, those without an image with their reason. */
  async function eventsOf(sql: string): Promise<string[]> {
    const { last } = await pair.provider.one<{ last: string }>(
      'select coalesce(max(ev_id), 0)::text as last from pgq.event_1',
    );
    await writer.execute(sql);
    const events = await pair.provider.query<{ said: string }>(
      `select concat_ws(': ', ev_type, case ev_type when 'no-image' then ev_data end) as said
         from pgq.event_1 where ev_id > $1 order by ev_id`,
      [last],
    );
    return events.map(({ said }) => said);
  }

  test('whatever it raises, the write succeeds', async () => {
    await add('judged', 'public.judge(v)');
    for (const [v, code] of Object.entries(raised)) {
      for (const [tag, sql] of [
        ['INSERT', `insert into judged values (${v}, ${v})`],
        ['UPDATE', `update judged set v = v where id = ${v}`],
        ['DELETE', `delete from judged where id = ${v}`],
      ] as const) {
        expect(await eventsOf(sql), code).toEqual([
          `no-image: ${tag} of a row that no event can carry: judge of ${v}`,
        ]);
      }
    }
    expect(await eventsOf('insert into judged values (1, 0)')).toEqual(['row:I']);
  });

  test('a cast to a domain that the value is not of', async () => {
    await add('cast_to', '(v::public.small) > 0');
    expect(await eventsOf('insert into cast_to values (1, 7)')).toEqual(['row:I']);
    const [said] = await eventsOf('update cast_to set v = 700');
    expect(said).toContain('no-image: UPDATE of a row that no event can carry: value for domain');
  });

  test('a lock that the event waits for is no matter of the filter', async () => {
    await add('waiting', 'public.judge(v)');
    await using holder = await open(pair.providerSettings);
    for (const [setting, code] of [
      ['lock_timeout', '55P03'],
      ['statement_timeout', '57014'],
    ] as const) {
      await holder.execute('begin');
      await holder.execute(
        `do $$ declare c int := (select queue_cur_table from pgq.queue); begin execute 'lock table pgq.event_1_' || c; end $$`,
      );
      await expect(
        writer.execute(`set local ${setting} = '100ms'; insert into waiting values (1, 0)`),
      ).rejects.toMatchObject({ sqlstate: code });
      await holder.execute('rollback');
    }
    expect(await eventsOf('insert into waiting values (1, 0)')).toEqual(['row:I']);
  });

  test.each([
    ['renamed', 'rename v to w'],
    ['dropped', 'drop v'],
  ])('TRUNCATE after its column was %s', async (table, ddl) => {
    await add(table, 'v > 0');
    await writer.execute(`insert into ${table} values (1, 1); alter table ${table} ${ddl}`);
    for (const [when, again] of [
      ['before maintenance', ''],
      ['after it', 'select londiste.refresh_captures()'],
    ] as const) {
      await pair.provider.execute(again);
      expect(await eventsOf(`truncate ${table}`), when).toEqual([
        'no-image: TRUNCATE of a row that no event can carry: column "v" does not exist',
      ]);
    }
  });

  test('TRUNCATE that a trigger fills the table after', async () => {
    await add('refilled', '10 / v > 1');
    await pair.provider
      .execute(`create function refill() returns trigger language plpgsql as 'begin insert into refilled values (1, 0); return null; end';
        create trigger a after truncate on refilled execute function refill()`);
    const events = await eventsOf('truncate refilled');
    expect(events).toContain('no-image: TRUNCATE of a row that no event can carry: division by zero');
  });
});

describe.each(['oldest', 'newest'] as const)('%s server', (which) => {
  test('TRUNCATE of a partition', async () => {
    const { provider, name } = await createPair(which, which);
    await provider.execute(`create table parted (id int primary key, v int) partition by range (id);
      create table low partition of parted for values from (0) to (10);
      create table high partition of parted for values from (10) to (20)`);
    await addProviderTables(provider, name.queue, ['parted'], { where: '10 / v > 1' });
    await provider.execute('insert into parted values (1, 2), (11, 2)');
    await provider.execute('insert into parted values (2, 0)');
    await provider.execute('truncate high');
    await provider.execute('truncate low');
    await provider.execute('alter table parted rename v to w');
    await provider.execute('truncate high');
    await provider.execute('truncate parted');
    const said = await provider.query<{ said: string }>(
      `select concat_ws(': ', ev_type, ev_data) as said from pgq.event_1 order by ev_id`,
    );
    const lost = (tag: string, why: string): string =>
      `no-image: ${tag} of a row that no event can carry: ${why}`;
    expect(said.map((one) => one.said)).toEqual([
      'row:I: (1,2)',
      'row:I: (11,2)',
      lost('INSERT', 'division by zero'),
      'gone: (11)',
      lost('TRUNCATE', 'division by zero'),
      lost('TRUNCATE', 'column "v" does not exist'),
      lost('TRUNCATE', 'column "v" does not exist'),
    ]);
  });
});
