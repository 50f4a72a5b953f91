import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConninfo, readConninfo } from '../../src/config/conninfo.js';
import { createDatabase } from '../support/databases.js';
import { Session } from '../../src/db/session.js';

/** No home, so that no password file of whoever runs the tests is found. */
const bare = { HOME: '/nonexistent' };

/** A value as it stands in the keyword form, quoted where it must be. */
function quoteConninfoValue(value: string): string {
  return /^[^\s'\\]+$/.test(value) ? value : `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

function parse(text: string, environment: Record<string, string> = {}): ReturnType<typeof parseConninfo> {
  return parseConninfo(text, { ...bare, ...environment });
}

describe('keyword form', () => {
  test("the seed's strings", () => {
    expect(parse('dbname=foo host=127.0.0.1 port=5555 user=chry')).toEqual({
      host: '127.0.0.1',
      port: 5555,
      user: 'chry',
      database: 'foo',
      ssl: false,
    });
    expect(parse('dbname=foo host=205.203.*.* port=5555 user=chry').host).toBe('205.203.*.*');
  });

  test.each([
    [`user='o`, 'quote at character 6 of the connection string is never closed'],
    ['user', 'expected keyword=value at character 1'],
    ['=x', 'expected keyword=value at character 1'],
    ['user=a hots=b', 'unknown keyword "hots" in the connection string (did you mean host?)'],
    ['frobnicate=b', 'unknown keyword "frobnicate" in the connection string'],
    ['port=0', 'port: expected a number between 1 and 65535'],
    ['port=65536', 'port: expected'],
    ['port=5432x', 'port: expected'],
    ['connect_timeout=soon', 'connect_timeout: expected whole seconds, got "soon"'],
    ['host=a,b', 'several hosts'],
    ['host=a port=1,2', 'several hosts'],
    ['hostaddr=db.example', 'hostaddr: expected an IP address'],
    ['sslmode=sometimes', 'sslmode: expected disable, allow'],
    ['target_session_attrs=read-write', 'target_session_attrs=read-write is not supported'],
    ['channel_binding=require', 'channel_binding=require is not supported here: expected disable or prefer'],
  ])('%s is refused', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('quotes, escapes, blanks around =, the last of two, and empty values', () => {
    const text = String.raw` user = 'a \'b\\ c'  dbname=x\ y password='' host=h host=::1 port='' `;
    expect(parse(text)).toEqual({
      host: '::1',
      port: 5432,
      user: String.raw`a 'b\ c`,
      database: 'x y',
      ssl: false,
    });
  });

  test('what promises nothing is accepted', () => {
    expect(() =>
      parse('host=h application_name=x keepalives=1 target_session_attrs=any gssencmode=disable'),
    ).not.toThrow();
  });
});

test('for programs of PostgreSQL it is written anew, without what must not be seen', () => {
  const text = fc.string({ minLength: 1 }).filter((value) => !value.includes('\0'));
  fc.assert(
    fc.property(text, text, text, (user, dbname, password) => {
      const values = {
        user,
        dbname,
        password,
        sslpassword: 'hidden',
        sslrootcert: 'system',
        sslmode: 'verify-full',
      };
      const given = Object.entries(values)
        .map(([keyword, value]) => `${keyword}=${quoteConninfoValue(value)}`)
        .join(' ');
      const { settings, libpq } = readConninfo(given, { ...bare, PGHOST: 'db.example' });
      expect(libpq.password).toBe(password);
      expect(libpq.conninfo).not.toContain('password');
      expect(libpq.conninfo).not.toContain('hidden');
      expect({ ...parse(libpq.conninfo), password, ssl: true }).toEqual({ ...settings, ssl: true });
    }),
  );
  const files = readConninfo('host=h sslmode=prefer sslrootcert=~/root.crt passfile=~/pass', bare);
  expect(files.libpq.conninfo).toContain("sslrootcert='/nonexistent/root.crt'");
  expect(files.libpq.conninfo).not.toContain('pass');
});

describe('URIs', () => {
  test.each([
    ['postgres://u@h/d', { host: 'h', port: 5432, user: 'u', database: 'd' }],
    ['postgresql://u:p%40w@h:1234/d', { host: 'h', port: 1234, user: 'u', database: 'd', password: 'p@w' }],
    ['postgres://u:p#w%25@h/d', { host: 'h', user: 'u', password: 'p#w%', database: 'd' }],
    ['postgres://u@[::1]:7/d', { host: '::1', port: 7 }],
    ['postgres://u@%2Fvar%2Frun/d', { host: '/var/run', database: 'd' }],
    ['postgres:///d?host=/tmp&user=u&port=9', { host: '/tmp', port: 9, user: 'u', database: 'd' }],
    ['postgres://u@h', { host: 'h', database: 'u' }],
    ['postgres://u@h/a@b', { host: 'h', database: 'a@b' }],
    ['postgres://h?user=u&dbname=%C3%A9', { host: 'h', database: 'é' }],
    [
      'postgres://u@h/d?connect_timeout=3&options=-c%20geqo%3Doff',
      { connectTimeoutMs: 3000, options: '-c geqo=off' },
    ],
    [
      'postgres://u@h/d?sslmode=require',
      { ssl: expect.objectContaining({ rejectUnauthorized: false }) as object },
    ],
    ['postgres://u@h/d?ssl=true', { ssl: expect.objectContaining({ rejectUnauthorized: false }) as object }],
  ])('%s', (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  test.each([
    ['postgres://u:p/w@h/d', 'written %40 or %2F'],
    ['postgres://u:p@w@h/d', 'written %40 or %2F'],
    ['postgres://u:100%@h/d', 'written %25'],
    ['postgres://u:%ff@h/d', 'no UTF-8'],
    ['postgres://u@a,b/d', 'several hosts'],
    ['postgres://u@a:1,b:2/d', 'several hosts'],
    ['postgres://u@h:x/d', 'port: expected'],
    ['postgres://u@::1/d', 'IPv6 address in brackets'],
    ['postgres://u@h/d?sslmod=x', 'did you mean sslmode?'],
    ['postgres://u@h/d?x', 'expected keyword=value between ? and &'],
  ])('%s is refused', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

describe('what the string does not say', () => {
  test('comes from the environment that is handed in, and from it only', () => {
    const environment = {
      PGHOST: 'h',
      PGPORT: '6000',
      PGUSER: 'u',
      PGDATABASE: 'd',
      PGPASSWORD: 'secret',
      PGOPTIONS: '-c geqo=off',
      PGCONNECT_TIMEOUT: '7',
      PGSSLMODE: 'require',
    };
    const { ssl, ...settings } = parse('', environment);
    expect(settings).toEqual({
      host: 'h',
      port: 6000,
      user: 'u',
      database: 'd',
      password: 'secret',
      options: '-c geqo=off',
      connectTimeoutMs: 7000,
    });
    expect(ssl).toMatchObject({ rejectUnauthorized: false });
    expect(parse('host=x port=1 user=y password=p sslmode=disable', environment)).toMatchObject({
      host: 'x',
      port: 1,
      user: 'y',
      password: 'p',
      ssl: false,
    });
  });

  test('defaults to the user that runs us, a database of its name, and the local socket where there is one', () => {
    const user = userInfo().username;
    const host = existsSync('/var/run/postgresql') ? '/var/run/postgresql' : 'localhost';
    expect(parse('')).toEqual({ host, port: 5432, user, database: user, ssl: false });
  });

  test('an unencrypted connection to elsewhere is noted, unless it is asked for', () => {
    const notes = (text: string): readonly string[] => readConninfo(text, bare).notes;
    expect(notes('host=db.example user=u')).toEqual([expect.stringContaining('db.example is not encrypted')]);
    for (const quiet of [
      'host=db.example sslmode=disable',
      'host=127.0.0.1',
      'host=localhost',
      'host=/tmp',
    ]) {
      expect(notes(`${quiet} user=u`)).toEqual([]);
    }
  });
});

const runs = 500;

describe(`random strings (${runs} of each)`, () => {
  const hostile = fc.string({ minLength: 1, unit: fc.constantFrom(...Array.from(` '\\=abé@:/%#?&\n\t"$`)) });

  test('a quoted value comes back as it was', () => {
    fc.assert(
      fc.property(hostile, hostile, (user, password) => {
        const text = `user=${quoteConninfoValue(user)} password=${quoteConninfoValue(password)} host=h`;
        expect(parse(text)).toMatchObject({ host: 'h', user, password, database: user });
      }),
      { numRuns: runs },
    );
  });

  test('so does an encoded one in a URI', () => {
    fc.assert(
      fc.property(hostile, hostile, (user, password) => {
        const text = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h/d`;
        expect(parse(text)).toMatchObject({ host: 'h', user, password });
      }),
      { numRuns: runs },
    );
  });

  test('whatever surrounds a password, no message repeats a piece of it', () => {
    let refused = 0;
    const noise = fc.string({ unit: fc.constantFrom(...Array.from(` '\\=ab@:/%#?&[]`)), maxLength: 6 });
    const form = fc.constantFrom(
      (p: string, n: string) => `host=h password=${p}${n}`,
      (p: string, n: string) => `password=x ${n}${p} host=h`,
      (p: string, n: string) => `postgres://u:${n}${p}@h/d`,
      (p: string, n: string) => `postgres://u:${p}${n}@h/d`,
    );
    fc.assert(
      fc.property(form, noise, (make, around) => {
        try {
          parse(make('CANARYc4n4ry', around));
        } catch (error) {
          refused += 1;
          expect(String(error)).not.toMatch(/CANARY|c4n4ry/);
        }
      }),
      { numRuns: runs * 4 },
    );
    console.log(`refused with a password in the string: ${refused} of ${runs * 4}`);
    expect(refused).toBeGreaterThan(20);
  });
});

describe.each(['oldest', 'newest'] as const)('on the %s server', (which) => {
  test.each(['keywords', 'a URI'])('a session opens by %s, with options', async (form) => {
    const { port, user, database } = await createDatabase(which);
    const text =
      form === 'keywords'
        ? `dbname=${database} host=127.0.0.1 port=${port} user=${user} options='-c geqo=off'`
        : `postgresql://${user}@127.0.0.1:${port}/${database}?options=-c%20geqo%3Doff`;
    await using session = await Session.open(parse(text), { side: 'database', applicationName: 'test' });
    expect(
      await session.one(`select current_database() as d, current_user as u, current_setting('geqo') as g`),
    ).toEqual({ d: database, u: user, g: 'off' });
  });
});
