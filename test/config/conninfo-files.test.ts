import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseConninfo, readConninfo } from '../../src/config/conninfo.js';
import { passwordIn } from '../../src/config/password-file.js';

const home = mkdtempSync(join(tmpdir(), 'conninfo-'));
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});
const environment = { HOME: home, PGSYSCONFDIR: join(home, 'etc') };

function file(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('the password file', () => {
  const query = { host: 'h', port: 5432, database: 'd', user: 'u' };

  test.each([
    ['h:5432:d:u:pw', 'pw'],
    ['*:*:*:*:pw', 'pw'],
    ['# *:*:*:*:no\nx:*:*:*:no\nh:*:d:*:pw\n*:*:*:*:later', 'pw'],
    [String.raw`h:5432:d:u:p\:w\\x`, String.raw`p:w\x`],
    ['h:5432:d:u:pw:more', 'pw'],
    ['h:5432:d:u:\n*:*:*:*:pw\r\n', 'pw'],
    ['h:5432:d:u', undefined],
    [':5432:d:u:pw', undefined],
    ['**:5432:d:u:pw', undefined],
    [String.raw`\*:5432:d:u:pw`, undefined],
  ])('%j gives %s', (text, password) => {
    expect(passwordIn(text, query)).toBe(password);
  });

  test('a default socket directory is called localhost', () => {
    expect(passwordIn('localhost:*:*:*:pw', { ...query, host: '/var/run/postgresql' })).toBe('pw');
    expect(passwordIn('/srv/s:*:*:*:pw', { ...query, host: '/srv/s' })).toBe('pw');
  });

  test('escaped fields match what they were made from (300 random ones)', () => {
    const name = fc.string({ minLength: 1, unit: fc.constantFrom(...Array.from(String.raw`ab:\* #`)) });
    const escape = (text: string): string =>
      text === '*' ? String.raw`\*` : text.replaceAll(/[:\\]/g, String.raw`\$&`);
    fc.assert(
      fc.property(name, name, name, (database, user, password) => {
        const line = `h:1:${escape(database)}:${escape(user)}:${escape(password)}`;
        expect(passwordIn(line, { host: 'h', port: 1, database, user })).toBe(password);
      }),
      { numRuns: 300 },
    );
  });

  test('is ~/.pgpass, or what passfile or PGPASSFILE name; a given password comes first', () => {
    file('.pgpass', '*:*:*:*:of-home');
    const other = file('other', '*:*:*:*:of-other');
    const passwordOf = (text: string, more = {}): string | undefined =>
      parseConninfo(`host=h user=u ${text}`, { ...environment, ...more }).password;
    expect(passwordOf('')).toBe('of-home');
    expect(passwordOf(`passfile=${other}`)).toBe('of-other');
    expect(passwordOf('', { PGPASSFILE: '~/other' })).toBe('of-other');
    expect(passwordOf('password=given')).toBe('given');
    expect(passwordOf('', { PGPASSWORD: 'given' })).toBe('given');
  });

  test('that others may read is not used, and that is noted; nor is one that is not there', () => {
    const open = file('open', '*:*:*:*:pw', 0o640);
    const { settings, notes } = readConninfo(`host=127.0.0.1 user=u passfile=${open}`, environment);
    expect(settings.password).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining(`chmod 600 ${open}`)]);
    expect(readConninfo('host=127.0.0.1 user=u passfile=/nonexistent', environment).notes).toEqual([
      'the password file /nonexistent does not exist',
    ]);
  });
});

describe('services', () => {
  test('fill in what the string does not say, before the environment does', () => {
    file(
      '.pg_service.conf',
      '# mine\n[other]\nhost=no\n[prod]\nhost=h\nport=7\nport=8\n\n[prod2]\nhost=no\n',
    );
    const text = 'service=prod user=u';
    expect(parseConninfo(text, { ...environment, PGPORT: '9', PGDATABASE: 'd' })).toMatchObject({
      host: 'h',
      port: 7,
      database: 'd',
    });
    expect(parseConninfo(`${text} host=mine`, environment).host).toBe('mine');
    expect(parseConninfo('user=u', { ...environment, PGSERVICE: 'prod' }).host).toBe('h');
  });

  test('are looked for in the file that is named, and in the one of the system', () => {
    const named = file('named.conf', '[s]\nhost=named\n');
    mkdirSync(join(home, 'etc'));
    file('etc/pg_service.conf', '[shared]\nhost=shared\n');
    expect(parseConninfo('service=s user=u', { ...environment, PGSERVICEFILE: named }).host).toBe('named');
    expect(parseConninfo(`service=s servicefile=${named} user=u`, environment).host).toBe('named');
    expect(parseConninfo('service=shared user=u', environment).host).toBe('shared');
    expect(() => parseConninfo('service=nix', environment)).toThrow(`there is no service [nix] in ${home}`);
    expect(() => parseConninfo('service=s servicefile=/nonexistent', environment)).toThrow(
      'service file not found: /nonexistent',
    );
  });

  test('faults name file and line, and no value', () => {
    const bad = file('bad.conf', '[a]\nhots=secret\n[b]\nsecret\n[c]\nservice=x\n');
    const parse = (service: string) => () =>
      parseConninfo(`service=${service} servicefile=${bad}`, environment);
    expect(parse('a')).toThrow(`unknown keyword in ${bad}:2 in the connection string (did you mean host?)`);
    expect(parse('b')).toThrow(`${bad}:4: expected keyword=value`);
    expect(parse('c')).toThrow(`${bad}:6: a service cannot refer to another one`);
  });
});

describe('sslmode means what it means to libpq', () => {
  const tls = (text: string): unknown => parseConninfo(`host=db.example user=u ${text}`, environment).ssl;

  test.each(['', 'sslmode=disable', 'sslmode=allow', 'sslmode=prefer'])('"%s" is plain text', (text) => {
    expect(tls(text)).toBe(false);
  });

  test('require encrypts and checks nothing, verify-ca who signed, verify-full the name too', () => {
    const root = file('ca.crt', 'PEM');
    expect(tls('sslmode=require')).toEqual({
      rejectUnauthorized: false,
      checkServerIdentity: expect.any(Function) as unknown,
    });
    expect(tls(`sslmode=require sslrootcert=${root}`)).toMatchObject({ rejectUnauthorized: true, ca: 'PEM' });
    expect(tls(`sslmode=verify-ca sslrootcert=${root}`)).toEqual({
      rejectUnauthorized: true,
      ca: 'PEM',
      checkServerIdentity: expect.any(Function) as unknown,
    });
    expect(tls(`sslmode=verify-full sslrootcert=${root}`)).toEqual({ rejectUnauthorized: true, ca: 'PEM' });
    expect(tls('sslmode=verify-full sslrootcert=system')).toEqual({ rejectUnauthorized: true });
    expect(tls(`sslmode=verify-full sslrootcert=system hostaddr=10.0.0.1`)).toEqual({
      rejectUnauthorized: true,
      servername: 'db.example',
      host: 'db.example',
    });
  });

  test('client certificates are read, and a key that others may read is refused', () => {
    const cert = file('c.crt', 'CERT');
    const key = file('c.key', 'KEY');
    expect(tls(`sslmode=require sslcert=${cert} sslkey=${key}`)).toMatchObject({ cert: 'CERT', key: 'KEY' });
    chmodSync(key, 0o644);
    expect(() => tls(`sslmode=require sslcert=${cert} sslkey=${key}`)).toThrow(`chmod 600 ${key}`);
    expect(() => tls('sslmode=require sslcert=/nonexistent')).toThrow('sslcert: /nonexistent cannot be read');
  });

  test('what cannot be kept is refused', () => {
    expect(() => tls('sslmode=verify-full')).toThrow('needs a root certificate');
    expect(() => tls('sslmode=require sslrootcert=system')).toThrow('goes with sslmode=verify-full only');
    expect(parseConninfo('host=/tmp user=u sslmode=require', environment).ssl).toBe(false);
  });
});
