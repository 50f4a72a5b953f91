import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig, type LondisteSettings, type PgqadmSettings } from '../../src/config/load.js';
import { LondisteError } from '../../src/kernel/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'load-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
let files = 0;

function file(text: string): string {
  files += 1;
  const path = join(folder, `${files}.ini`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

interface Given {
  overrides?: string[];
  environment?: Record<string, string>;
}

function londiste(text: string, { overrides, environment }: Given = {}): LondisteSettings {
  return loadConfig({
    program: 'londiste',
    path: file(text),
    overrides,
    environment: { HOME: folder, ...environment },
  });
}

function pgqadm(text: string, { overrides, environment }: Given = {}): PgqadmSettings {
  return loadConfig({
    program: 'pgqadm',
    path: file(text),
    overrides,
    environment: { HOME: folder, ...environment },
  });
}

/** The lines of the message that `load` fails with, without the folder. */
function faults(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(LondisteError);
    expect((error as LondisteError).kind).toBe('config');
    return (error as LondisteError).message.replaceAll(/\S*\/(?:\d+)\.ini/g, 'x.ini').split('\n');
  }
  return [];
}

const replica = `[londiste]
job_name = lmaster_to_slave
provider_db = dbname=foo host=127.0.0.1 port=5555 user=chry
subscriber_db = dbname=foo host=205.203.*.* port=5555 user=chry
# it will be used as sql ident so no dots/spaces
pgq_queue_name = londiste.write
pidfile = %(job_name)s.pid
logfile = %(job_name)s.log
use_skylog = 0
`;

const ticker = `[pgqadm]
job_name = ticker
db = dbname=foo host=127.0.0.1 port=5555 user=chry
# how often to run maintenance [minutes]
maint_delay_min = 1
# how often to check for activity [secs]
loop_delay = 0.1
logfile = %(job_name)s.log
pidfile = %(job_name)s.pid
use_skylog = 0
`;

describe("the seed's files, word for word", () => {
  test('replica.ini', () => {
    const settings = londiste(replica);
    expect(settings).toMatchObject({
      jobName: 'lmaster_to_slave',
      provider: { host: '127.0.0.1', port: 5555, user: 'chry', database: 'foo' },
      subscriber: { host: '205.203.*.*', port: 5555 },
      subscription: { queue: 'londiste.write', consumer: 'lmaster_to_slave' },
      logfile: join(process.cwd(), 'lmaster_to_slave.log'),
      pidfile: join(process.cwd(), 'lmaster_to_slave.pid'),
      loopDelayMs: 1000,
      lockTimeoutMs: 10_000,
      memoryBytes: 16 * 1024 * 1024,
      statementTimeoutMs: 0,
      logFormat: 'text',
    });
    expect(settings.warnings).toEqual([expect.stringContaining('205.203.*.* is not encrypted')]);
  });

  test('ticker.ini', () => {
    expect(pgqadm(ticker)).toMatchObject({
      jobName: 'ticker',
      database: { port: 5555 },
      maintDelayMs: 60_000,
      loopDelayMs: 100,
      warnings: [],
    });
  });
});

const local = `[londiste]
provider_db = host=127.0.0.1 user=u dbname=p
subscriber_db = host=127.0.0.1 user=u dbname=s
pgq_queue_name = q
`;

describe('where a value comes from', () => {
  test('flag before environment before file before default', () => {
    const loopDelay = (text: string, given: Given = {}): number => londiste(text, given).loopDelayMs;
    const inFile = `${local}loop_delay = 3\n`;
    const environment = { LONDISTE_LOOP_DELAY: '4' };
    expect(loopDelay(local)).toBe(1000);
    expect(loopDelay(inFile)).toBe(3000);
    expect(loopDelay(inFile, { environment })).toBe(4000);
    expect(loopDelay(inFile, { environment, overrides: ['loop_delay=5'] })).toBe(5000);
    expect(loopDelay(inFile, { environment: { LONDISTE_LOOP_DELAY: '' } })).toBe(3000);
  });

  test('an empty --set goes back to the default', () => {
    const text = `${local}logfile = x.log\n`;
    expect(londiste(text).logfile).toBeDefined();
    expect(
      londiste(text, { overrides: ['logfile='], environment: { LONDISTE_LOGFILE: 'y' } }).logfile,
    ).toBeUndefined();
  });

  test('older and newer names mean the same, and minutes are minutes', () => {
    const { subscription } = londiste(local.replace('pgq_queue_name', 'queue_name') + 'consumer_name = c\n');
    expect(subscription).toEqual({ queue: 'q', consumer: 'c' });
    const maintDelay = (line: string): number =>
      pgqadm(`[pgqadm]\ndb = host=127.0.0.1 user=u\n${line}`).maintDelayMs;
    expect(maintDelay('maint_delay = 7')).toBe(7000);
    expect(maintDelay('maint_delay_min = 0.5')).toBe(30_000);
    expect(maintDelay('maint_delay_min = -1')).toBe(300_000);
  });

  test('%(...)s knows the built-in names, [DEFAULT], keys of the writer, and what was overridden', () => {
    const text = `[DEFAULT]\nbase = /var\n${local}where = %(base)s/log\nlogfile = %(where)s/%(service_name)s-%(host_name)s-%(job_name)s`;
    const path = (name: string): string => `/var/log/londiste-${hostname()}-${name}`;
    expect(londiste(text).logfile).toBe(path('londiste'));
    expect(londiste(text, { overrides: ['job_name=50%(x)s'] }).logfile).toBe(path('50%(x)s'));
    expect(londiste(text, { environment: { LONDISTE_JOB_NAME: 'j' } }).subscription.consumer).toBe('j');
  });

  test('~ in a path is the home directory', () => {
    expect(londiste(`${local}pidfile = ~/l.pid`).pidfile).toBe(join(folder, 'l.pid'));
  });
});

describe('faults', () => {
  test('all of a file are told at once, in its order', () => {
    const text = `[londiste]
loop_dealy = 1
provider_db = password=canary word host=x
subscriber_db = dbname=b prot=1
loop_delay = abc
consumer_name = a
pgq_consumer_id = b
fake = 1
log_size = 3
log_size = 5
log_format = jsn
logfile = %(nope)s
job_name = a
  b
`;
    expect(faults(() => londiste(text))).toEqual([
      'x.ini:2: loop_dealy: unknown key (did you mean loop_delay?)',
      `x.ini:3: provider_db: expected keyword=value at character 17 of the connection string; quote a value with blanks, as in password='two words'`,
      'x.ini:4: subscriber_db: unknown keyword "prot" in the connection string (did you mean port?)',
      'x.ini:5: loop_delay: expected a number of seconds between 0.001 and 3600, got "abc"',
      'x.ini:7: pgq_consumer_id: means the same as consumer_name in line 6; remove one of them',
      'x.ini:8: fake: dry runs are not supported, so the commands would do what they say; remove the key',
      'x.ini:9: log_size: expected a whole number between 1024 and 1000000000000, got "3"',
      'x.ini:10: log_size: is there twice, first in line 9',
      'x.ini:11: log_format: expected text or json, got "jsn" (did you mean json?)',
      'x.ini:12: logfile: %(nope)s: there is no key nope',
      'x.ini:13: job_name: expected one line',
      'x.ini: pgq_queue_name: is required, as in pgq_queue_name = londiste.write',
    ]);
  });

  test.each(['0', '3601', '-1', '1s', '', 'NaN', '0x10', '1e9'])('loop_delay = %s', (value) => {
    const told = faults(() => londiste(`${local}loop_delay = ${value}`));
    if (value === '') expect(told).toEqual([]);
    else
      expect(told).toEqual([
        `x.ini:5: loop_delay: expected a number of seconds between 0.001 and 3600, got "${value}"`,
      ]);
  });

  test.each([
    ['replay_memory', '63kB', '64kB'],
    ['replay_memory', '17GB', '16GB'],
    ['replay_memory', '-1', '16GB'],
    ['replay_memory', '16 parsecs', '64kB'],
    ['lock_timeout', '-1', '0'],
    ['lock_timeout', '3601', '3600'],
    ['statement_timeout', '86401', '86400'],
  ])('%s = %s is out of its range, which is told', (key, value, bound) => {
    const [fault, ...more] = faults(() => londiste(replica, { overrides: [`${key}=${value}`] }));
    expect(more).toEqual([]);
    for (const part of [key, value, bound]) expect(fault).toContain(part);
  });

  test('a size at either end of its range is taken', () => {
    const memory = (value: string): number =>
      londiste(replica, { overrides: [`replay_memory=${value}`] }).memoryBytes;
    expect([memory('64kB'), memory('16GB'), memory('1048576')]).toEqual([65_536, 16 * 1024 ** 3, 1024 ** 2]);
  });

  test('of flags and environment name those', () => {
    const given = {
      overrides: ['nonsense', 'loop_dealy=1', 'log_count=x'],
      environment: { LONDISTE_LOOP_DELAY: 'x' },
    };
    expect(faults(() => londiste(local, given))).toEqual([
      '--set: expected key=value, got "nonsense"',
      '--set loop_dealy: unknown key (did you mean loop_delay?)',
      '--set log_count: expected a whole number between 1 and 1000, got "x"',
      'LONDISTE_LOOP_DELAY: expected a number of seconds between 0.001 and 3600, got "x"',
    ]);
  });

  test('a file of the other program', () => {
    expect(faults(() => londiste(ticker))).toEqual(['x.ini: expected a section [londiste], it has [pgqadm]']);
    expect(faults(() => londiste(''))).toEqual(['x.ini: expected a section [londiste], it has none']);
  });
});

describe('a file of pgqd', () => {
  const text = `[pgqd]
base_connstr = host=db user=u
database_list = one, two,one
check_period = 5
stats_period = 0
syslog = 0
`;

  test('means the databases of a server', () => {
    expect(pgqadm(text)).toMatchObject({
      jobName: 'pgqd',
      loopDelayMs: 1_000,
      maintDelayMs: 120_000,
      retryPeriodMs: 30_000,
      statsPeriodMs: 0,
      server: {
        connstr: 'host=db user=u',
        initialDatabase: 'template1',
        databases: ['one', 'two'],
        checkPeriodMs: 5_000,
        connectionLifetimeMs: 3_600_000,
      },
      warnings: [expect.stringContaining('is not encrypted')],
    });
    expect(pgqadm('[pgqd]\n').server).toMatchObject({ connstr: '', databases: [] });
    expect(pgqadm(`${text}[pgqadm]\ndb = user=u\n`).database).toMatchObject({ user: 'u' });
    expect(pgqadm('[pgqd]\n', { environment: { PGQD_CHECK_PERIOD: '7' } }).server?.checkPeriodMs).toBe(7_000);
  });

  test('with keys that nobody knows is taken, and they are told', () => {
    const said = pgqadm(`[pgqd]\ntiker_period = 3\nsyslog = 1\nsyslog_ident = x\nfrobnicate = 1\n`).warnings;
    expect(said).toEqual([
      expect.stringMatching(
        /\.ini:2: tiker_period: unknown key \(did you mean ticker_period\?\); it has no effect$/,
      ),
      expect.stringMatching(/\.ini:5: frobnicate: unknown key; it has no effect$/),
      expect.stringMatching(/no effect here: syslog \(line 3\), syslog_ident \(line 4\)$/),
    ]);
    expect(pgqadm('[pgqadm]\ndb = user=u\nloop_dealy = 1\n').warnings).toEqual([
      expect.stringMatching(
        /\.ini:3: loop_dealy: unknown key \(did you mean loop_delay\?\); it has no effect$/,
      ),
    ]);
    expect(faults(() => pgqadm('[pgqd]\ncheck_period = never\n'))).toHaveLength(1);
    expect(faults(() => pgqadm('[londiste]\n'))).toEqual([
      'x.ini: expected a section [pgqadm] or [pgqd], it has [londiste]',
    ]);
  });
});

describe('the file', () => {
  const load = (path: string | undefined, environment: Record<string, string> = {}): LondisteSettings =>
    loadConfig({ program: 'londiste', path, environment: { HOME: folder, ...environment } });

  test('that is not there, is a directory, or was not named', () => {
    expect(() => load('replica.ini')).toThrow('configuration file not found: replica.ini');
    expect(() => load(folder)).toThrow(`configuration file is a directory: ${folder}`);
    expect(() => load(undefined, { LONDISTE_CONFIG: '/nonexistent/l.ini' })).toThrow(
      'configuration file not found: /nonexistent/l.ini',
    );
    const missing = new RegExp(
      'looked for \\$LONDISTE_CONFIG, ./londiste.ini and /etc/londiste/londiste.ini',
    );
    expect(() => load(undefined)).toThrow(missing);
  });

  test('is looked for where LONDISTE_CONFIG says, then here', () => {
    const here = process.cwd();
    mkdirSync(join(folder, 'cwd'));
    writeFileSync(join(folder, 'cwd', 'londiste.ini'), local);
    expect(load(undefined, { LONDISTE_CONFIG: file(local) }).configPath).toBe(join(folder, `${files}.ini`));
    try {
      process.chdir(join(folder, 'cwd'));
      expect(load(undefined).configPath).toBe('./londiste.ini');
    } finally {
      process.chdir(here);
    }
  });

  test('with a password in it is warned about when others may read it', () => {
    const path = file(local.replace('dbname=p', 'dbname=p password=canary'));
    expect(load(path).warnings).toEqual([]);
    chmodSync(path, 0o644);
    expect(load(path).warnings).toEqual([expect.stringContaining(`chmod 600 ${path}`)]);
    expect(load(path).warnings.join()).not.toContain('canary');
  });

  test('with keys that Skytools had gets one note', () => {
    const text = `${local}use_skylog = 1\npgq_lazy_fetch = 0\nconnection_lifetime = 5\nmethod = direct\n`;
    expect(londiste(text).warnings).toEqual([
      expect.stringMatching(/have no effect here: use_skylog \(line 5\), connection_lifetime \(line 7\)$/),
    ]);
    expect(faults(() => londiste(`${local}method = file_write\n`))).toEqual([
      'x.ini:5: method: batches are applied directly only; remove the key',
    ]);
  });
});
