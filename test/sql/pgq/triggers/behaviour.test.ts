/** What golden samples do not show: who may write, DDL of other sessions, encodings, rows with any characters. */
import { describe, expect, it } from 'vitest';
import type { Session } from '../../../../src/db/session.js';
import { superuser } from '../../../../src/embedded/server.js';
import { installSchema } from '../../../../src/install/install.js';
import { asSuperuser, createDatabase, open } from '../../../support/databases.js';
import { pgqDatabase, value } from '../pgq-database.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** Numbers from 0 to below `limit`, the same for the same seed. */
function dice(state: number): (limit: number) => number {
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * limit);
  };
}

describe.each(['oldest', 'newest'] as const)('trigger functions on %s', (which) => {
  const lastData = (session: Session): Promise<string> =>
    value(session, 'select ev_data from pgq.event_template order by ev_id desc limit 1');

  async function withTable(session: Session, columns: string, fn: string, args = ''): Promise<void> {
    await session.execute(`select pgq.create_queue('q'); create table t (${columns});
      create trigger tg after insert or update or delete on t for each row execute procedure pgq.${fn}('q'${args})`);
  }

  it('run as whoever writes, who needs pgq.insert_event and nothing else of pgq', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await withTable(session, 'id int primary key, a text', 'logutriga', `, 'ev_extra3=current_user'`);
    const writer = `writer_${settings.database}`;
    await asSuperuser(settings.port, (admin) => admin.execute(`create role ${writer} login`));
    await session.execute(`grant insert, update, delete, select on t to ${writer}`);
    {
      await using other = await open({ ...settings, user: writer });
      await expect(other.query(`insert into t values (1, 'a')`)).rejects.toThrow(
        'permission denied for function insert_event',
      );
      await session.execute(
        `grant execute on function pgq.insert_event(text, text, text, text, text, text, text) to ${writer}`,
      );
      await other.query(`insert into t values (1, 'a b')`);
      await other.query(`update t set a = 'ü'`);
      await expect(other.query('select * from pgq.event_template')).rejects.toThrow('permission denied');
      await expect(
        other.query(`select pgq.insert_event_raw('q', 1, now(), 1, 1, '', '', '', '', '', '')`),
      ).rejects.toThrow('permission denied');
      // What is kept of the trigger is not a setting that the writer could change.
      await other.query(`select set_config('pgq.trigger', '{1,AFTER,sqltriga,other}', false)`);
      await other.query('delete from t');
    }
    expect(
      await session.query('select ev_type, ev_data, ev_extra3 from pgq.event_template order by ev_id'),
    ).toEqual([
      { ev_type: 'I:id', ev_data: 'id=1&a=a+b', ev_extra3: writer },
      { ev_type: 'U:id', ev_data: 'id=1&a=%c3%bc', ev_extra3: writer },
      { ev_type: 'D:id', ev_data: 'id=1&a=%c3%bc', ev_extra3: writer },
    ]);
    await session.execute(`drop owned by ${writer}`).catch(() => undefined);
    await using admin = await open({ ...settings, user: superuser });
    await admin.execute(`drop owned by ${writer}; drop role ${writer}`);
  });

  it('are not callable by everybody as triggers, but what they call is', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    const rows = await session.query<{ name: string }>(
      `select p.proname as name from pg_proc p where p.pronamespace = 'pgq'::regnamespace
         and p.proname in ('logutriga', 'jsontriga', 'sqltriga', 'logtriga', 'insert_event')
         and exists (select from aclexplode(p.proacl) a where a.grantee = 0)`,
    );
    expect(rows).toEqual([]);
  });

  it('call what insert_event has been replaced by', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await withTable(session, 'id int primary key, a text', 'sqltriga');
    await session.execute(`create table seen (args text[]);
      create or replace function pgq.insert_event(queue_name text, ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text)
      returns bigint language plpgsql as $$ begin
        insert into seen values (array[queue_name, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4]); return 1; end $$`);
    await session.query(`insert into t values (1, 'x')`);
    expect(await value(session, 'select args::text from seen')).toBe(
      `{q,I,"(id,a) values ('1','x')",public.t,NULL,NULL,NULL}`,
    );
  });

  it('follow what another session alters, also within REPEATABLE READ', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await using other = await open(settings);
    await withTable(session, 'id int primary key, a text', 'logutriga');
    await session.query(`insert into t values (1, 'a')`);
    await session.query('begin isolation level repeatable read');
    await session.query('select 1');
    await other.execute('alter table t add c int default 7; alter table t rename a to aa');
    await session.query(`insert into t values (2, 'b')`);
    expect(await lastData(session)).toBe('id=2&aa=b&c=7');
    await session.query('commit');

    // The key that another session makes is not in the snapshot here, and must not be kept as "none".
    await other.execute('alter table t drop constraint t_pkey');
    await session.query(`insert into t values (3, 'c')`);
    await session.query('begin isolation level repeatable read');
    await session.query('select 1');
    await other.execute('alter table t add primary key (id)');
    await session.query(`insert into t values (4, 'd')`);
    await session.query('commit');
    await session.query(`update t set aa = 'e' where id = 4`);
    expect(await value(session, 'select ev_type from pgq.event_template order by ev_id desc limit 1')).toBe(
      'U:id',
    );
  });

  it('do not remember what was rolled back', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await withTable(session, 'id int primary key, a text', 'jsontriga');
    await session.execute(`begin; savepoint s; alter table t add b int; insert into t values (1, 'a', 1); rollback to s;
      insert into t values (1, 'a'); commit`);
    expect(await lastData(session)).toBe('{"id":1,"a":"a"}');
    await session.execute(`begin; alter table t rename a to x; insert into t values (2, 'a'); rollback`);
    await session.query(`insert into t values (3, 'c')`);
    expect(await lastData(session)).toBe('{"id":3,"a":"c"}');
  });

  it.each(['logutriga', 'sqltriga'])('%s reads quoted and upper-case names in expressions', async (fn) => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await withTable(
      session,
      'id int primary key, "A b" text',
      fn,
      `, 'ev_extra3="A b" || ID', 'when=t.id > 0 -- why'`,
    ).catch(() => undefined);
    await expect(session.query(`insert into t values (1, 'x')`)).rejects.toThrow('missing FROM-clause entry');
    await session.execute(`create or replace trigger tg after insert on t for each row
      execute procedure pgq.${fn}('q', 'ev_extra3="A b" || ID', 'when=ID > 0 -- why')`);
    await session.query(`insert into t values (1, 'x'), (0, 'y')`);
    expect(await session.query('select ev_extra3 from pgq.event_template')).toEqual([{ ev_extra3: 'x1' }]);
  });

  it('expressions find their columns however they name them, also after an ALTER', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    const expressions: [expression: string, value: string | null][] = [
      [`'none'`, 'none'],
      ['"a""b" || Kind', 'xy'],
      ['u&"\\006bind" || id', 'y1'],
      ['(select count(*) from unnest(array[1, 2])) || kind', '2y'],
      ['row_to_json("pgq row") ->> $$kind$$', 'y'],
      ['select id -- not seen', null],
      ['"pgq row".pair', '(,)'],
      ['(select pair)', '(,)'],
      ['nothing', null],
      [' ', null],
      ['chars', 'c '],
      ['rate', '1.50'],
    ];
    for (const [expression, expected] of expressions) {
      await session.execute('drop table if exists public.t; drop type if exists two');
      await session.execute('create type two as (a int, b int)');
      await withTable(
        session,
        'id int primary key, "a""b" text, kind text, pair two, nothing text, rate numeric, chars char(2)',
        'logutriga',
        `, 'ev_extra3=${expression.replaceAll("'", "''")}'`,
      );
      const insert = session.query(`insert into t values (1, 'x', 'y', row(null, null), null, 1.50, 'c')`);
      if (expression.startsWith('select')) await expect(insert, expression).rejects.toThrow('syntax error');
      else {
        await insert;
        expect(
          await value(session, 'select ev_extra3 from pgq.event_template order by ev_id desc limit 1'),
          expression,
        ).toBe(expected);
      }
    }
    await session.execute('alter table t rename rate to price; alter table t rename kind to rate');
    await session.query(`insert into t values (2, 'x', 'after', null, null, 2.50, 'c')`);
    expect(
      await value(session, `select max(ev_extra3) from pgq.event_template where ev_data like 'id=2&%'`),
    ).toBe('after');
  });

  it.each([
    ['LATIN1', 'a=%e4+%80'],
    ['SQL_ASCII', 'a=%c3%a4+%c2%80'],
    ['EUC_JP', 'a=%c6%fc+%cb%dc'],
  ])('encode the bytes of the database: %s', async (encoding, expected) => {
    const settings = await createDatabase(which, { encoding });
    await using session = await open(settings);
    await installSchema(session, 'pgq');
    await withTable(session, 'id int primary key, a text', 'logutriga');
    await session.query(`insert into t values (1, $1)`, [encoding === 'EUC_JP' ? '日 本' : 'ä \u0080']);
    expect(await lastData(session)).toBe(`id=1&${expected}`);
  });

  it('encode texts of many different characters, quickly', async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    await withTable(session, 'id int primary key, a text', 'logutriga');
    const text = Array.from({ length: 3_000 }, (_, n) => String.fromCodePoint(0x4e00 + n))
      .join('')
      .repeat(20);
    const started = performance.now();
    await session.query('insert into t values (1, $1)', [text]);
    expect(performance.now() - started).toBeLessThan(10_000);
    const wanted = [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('');
    expect((await lastData(session)) === `id=1&a=${wanted}`).toBe(true);
  });

  it(`write the same of any row as field by field, seed ${seed}`, async () => {
    const settings = await pgqDatabase(which);
    await using session = await open(settings);
    const roll = dice(seed);
    const parts = [
      'a',
      'Z9',
      ' ',
      '"',
      "'",
      '\\',
      ',',
      '(',
      ')',
      '{',
      '}',
      '%',
      '+',
      '&',
      '=',
      'NULL',
      'null',
      '\n',
      'ü',
      '€',
      '\\u0002',
      ':',
      '\u0001',
      '\u0002',
      '\u007f',
    ];
    const met = { null: 0, empty: 0, odd: 0, backslash: 0, quote: 0 };
    const text = (): string | null => {
      const kind = roll(8);
      if (kind < 2) {
        met[kind === 0 ? 'null' : 'empty'] += 1;
        return kind === 0 ? null : '';
      }
      const made = Array.from(
        { length: 1 + roll(6) },
        () => parts[roll(kind === 2 ? parts.length : parts.length - 3)],
      ).join('');
      if (made.includes('\u0002') || made.includes('\u007f')) met.odd += 1;
      if (made.includes('\\')) met.backslash += 1;
      if (made.includes('"') || made.includes("'")) met.quote += 1;
      return made;
    };
    await session.execute(`select pgq.create_queue('q'); create table t (id int primary key, n int, f boolean, a text, "b%""x" text, c text);
      create trigger tj after insert on t for each row execute procedure pgq.jsontriga('q');
      create trigger tl after insert on t for each row execute procedure pgq.logutriga('q');
      create trigger ts after insert on t for each row execute procedure pgq.sqltriga('q')`);
    const rows = 150;
    for (let id = 0; id < rows; id += 1) {
      await session.query('insert into t values ($1, $2, $3, $4, $5, $6)', [
        id,
        roll(3) === 0 ? null : roll(9),
        [null, true, false][roll(3)],
        text(),
        text(),
        text(),
      ]);
    }
    console.log(`${which}: ${JSON.stringify(met)}`);
    const events = await session.query<{ data: string }>(
      'select ev_data as data from pgq.event_template order by ev_id',
    );
    const wanted = await session.query<{
      id: number;
      n: number | null;
      f: boolean | null;
      a: string | null;
      b: string | null;
      c: string | null;
      sql: string;
    }>(
      `select id, n, f, a, "b%""x" as b, c, format('(id,n,f,a,"b%%""x",c) values (%s)', concat_ws(',', quote_literal(id),
         coalesce(quote_literal(n), 'null'), case f when true then '''t''' when false then '''f''' else 'null' end,
         coalesce(quote_literal(a), 'null'), coalesce(quote_literal("b%""x"), 'null'), coalesce(quote_literal(c), 'null'))) as sql
       from t order by id`,
    );
    const encode = (value: string): string =>
      [...Buffer.from(value)]
        .map((byte) => {
          const character = String.fromCharCode(byte);
          return character === ' '
            ? '+'
            : /[0-9A-Za-z_.-]/.test(character)
              ? character
              : `%${byte.toString(16).padStart(2, '0')}`;
        })
        .join('');
    wanted.forEach(({ id, n, f, a, b, c, sql }, at) => {
      expect(JSON.parse(events[at * 3]?.data ?? ''), `seed ${seed}`).toEqual({ id, n, f, a, 'b%"x': b, c });
      const fields = {
        id: String(id),
        n: n === null ? null : String(n),
        f: f === null ? null : f ? 't' : 'f',
        a,
        'b%"x': b,
        c,
      };
      expect(events[at * 3 + 1]?.data, `seed ${seed}`).toBe(
        Object.entries(fields)
          .map(([name, field]) => encode(name) + (field === null ? '' : `=${encode(field)}`))
          .join('&'),
      );
      expect(events[at * 3 + 2]?.data, `seed ${seed}`).toBe(sql);
    });
    expect(events).toHaveLength(rows * 3);
    expect(
      Object.values(met).every((times) => times > 0),
      JSON.stringify(met),
    ).toBe(true);
  });
});
