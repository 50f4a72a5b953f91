/** compare and repair as an operator meets them: what they say, their exit codes, and a compare that dies or hangs. */
import { spawn } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { root, type Outcome } from '../support/programs.js';

let sides: { provider: ConnectSettings; subscriber: ConnectSettings };
let user: Installation;

async function there(sql: string): Promise<unknown[]> {
  await using session = await open(sides.provider);
  return await session.query(sql);
}

async function here(sql: string): Promise<unknown[]> {
  await using session = await open(sides.subscriber);
  return await session.query(sql);
}

const compare = 'londiste replica.ini compare';

/** Types a command that has to end with this exit code. */
async function ends(line: string, code: number, env: Record<string, string> = {}): Promise<Outcome> {
  const outcome = await user.type(line, env);
  expect(outcome, line).toMatchObject({ code });
  expect(outcome.stderr, line).not.toMatch(/^\s+at /m);
  return outcome;
}

beforeAll(async () => {
  sides = { provider: await createDatabase('newest'), subscriber: await createDatabase('oldest') };
  user = new Installation(sides.provider, sides.subscriber);
  await user.createEntry();
  await there(
    `insert into entry (item) select 'item ' || n from generate_series(1, 500) n; create table doomed (id int primary key)`,
  );
  await here('create table doomed (id int primary key)');
  await user.replicateEntry();
  await user.must('londiste replica.ini provider add doomed');
  await user.must('londiste replica.ini subscriber add doomed');
  await eventually(
    async () => (await here(`select count(*)::int as n from londiste.table_state where state = 'ok'`))[0],
    { n: 2 },
  );
}, 60_000);

test('equal, different, shown as SQL, mended', { timeout: 60_000 }, async () => {
  expect((await ends(compare, 0)).stdout).toMatch(
    /^public\.entry: equal at tick \d+: 500 rows\npublic\.doomed: equal at tick \d+: 0 rows\n$/,
  );
  await here(
    `update entry set item = 'o''clock' where id = 3; delete from entry where id = 4; insert into entry values (1001, 'x')`,
  );
  const { stdout } = await ends(`${compare} entry`, 1);
  const [first, ...others] = stdout.trimEnd().split('\n');
  expect(first).toMatch(
    /^public\.entry: results do not match at tick \d+: 500 rows on the provider, 500 on the subscriber; 1 missing, 1 extra, 1 different$/,
  );
  expect(others.sort()).toEqual(['  different  (3)', '  extra      (1001)', '  missing    (4)']);
  expect((await ends(`${compare} entry --count-only`, 0)).stdout).toContain('500 rows');
  expect((await ends(`${compare} --tables doomed`, 0)).stdout).not.toContain('entry');
  expect((await ends(`${compare} entry --show 1`, 1)).stdout).toContain('\n  ...');
  expect(JSON.parse((await ends(`${compare} entry --json`, 1)).stdout)).toMatchObject([
    {
      table: 'public.entry',
      state: 'different',
      missing: 1,
      extra: 1,
      different: 1,
      rows: { provider: 500 },
    },
  ]);

  const plan = await ends('londiste replica.ini repair entry', 1);
  const statements = plan.stdout.split('\n').filter((line) => /^[A-Z]/.test(line));
  expect(statements.sort()).toEqual([
    `DELETE FROM ONLY public.entry WHERE "id" = '1001';`,
    `INSERT INTO public.entry ("id", "item") OVERRIDING SYSTEM VALUE VALUES ('4', 'item 4');`,
    `UPDATE public.entry SET "item" = 'item 3' WHERE "id" = '3';`,
  ]);
  // Only shown so far; and what is shown can be run.
  await ends(`${compare} entry`, 1);
  await using session = await open(sides.subscriber);
  await session.execute(`begin; ${plan.stdout}`);
  expect(await session.query('select count(*)::int as n, max(id) as last from entry')).toEqual([
    { n: 500, last: 500 },
  ]);
  await session.execute('rollback');

  expect((await ends('londiste replica.ini repair entry --apply', 0)).stdout).toMatch(
    /^public\.entry: 3 rows repaired\npublic\.entry: equal at tick \d+: 500 rows\n$/,
  );
  await ends(compare, 0);
  expect(await here('select table_name, missing, extra, different, asked_by from londiste.repair')).toEqual([
    { table_name: 'public.entry', missing: 1, extra: 1, different: 1, asked_by: 'app' },
  ]);
  expect((await ends('londiste replica.ini repair entry', 0)).stdout).toMatch(/^-- public\.entry: equal at/);
});

test('refusals say what, which one and what to type', { timeout: 60_000 }, async () => {
  for (const [line, ...words] of [
    [
      `${compare} nothing`,
      'table public.nothing is not in this subscription',
      'subscriber add public.nothing',
    ],
    [
      `${compare} entry --where nothing=1`,
      '--where nothing=1',
      'column "nothing" does not exist',
      'as after WHERE',
    ],
    [`${compare} entry --where id=1);delete/**/from/**/entry;--`, '--where id=1);delete'],
    [`${compare} --sample 5x`, '--sample 5x', 'write it like --sample 5%'],
    [`${compare} --sample 0%`, '--sample 0%', 'between 0% and 100%'],
    [`${compare} --show some`, '--show some', 'expected a number'],
    [`${compare} --cuont-only`, '--cuont-only', '--count-only'],
    [`${compare} --set compare_hold=x`, 'compare_hold'],
    ['londiste replica.ini repair entry --where nothing=1', '--where nothing=1'],
  ] as const) {
    const { stderr } = await ends(line, 2);
    for (const word of words) expect(stderr).toContain(word);
  }
  expect(await there('select count(*)::int as n from entry')).toEqual([{ n: 500 }]);
  const help = await user.must('londiste compare --help');
  for (const word of ['--where <condition>', '--count-only', '--sample <percent>', '--continuous', '--json'])
    expect(help).toContain(word);
});

test('one at a time, and only while replay runs', { timeout: 60_000 }, async () => {
  const hanging = hang('compare.at-tick=wait');
  await hanging.said('tap compare.at-tick');
  const { stderr } = await ends(compare, 2);
  expect(stderr).toMatch(
    /^londiste: consumer lmaster_to_slave of queue londiste\.write is being compared already by backend \d+ \(londiste lmaster_to_slave command\) from 127\.0\.0\.1\n {2}→ wait until that compare or repair has ended, or stop it\n$/,
  );
  await hanging.kill();
  await ends(compare, 0);

  await user.must('londiste replica.ini -s');
  await user.gone('lmaster_to_slave');
  expect((await ends(compare, 2)).stderr).toMatch(
    /nobody replays consumer lmaster_to_slave of queue londiste\.write.*\n {2}→ start it: londiste CONFIG replay -d/,
  );
  await user.must('londiste replica.ini replay -d');
  await ends(compare, 0);
});

test(
  'a compare that dies or hangs does not hold replay up for longer than compare_wait',
  { timeout: 120_000 },
  async () => {
    let item = 0;
    /** Milliseconds until a change arrives. */
    const lag = async (): Promise<number> => {
      item += 1;
      const began = Date.now();
      await there(`update entry set item = 'lag ${item}' where id = 1`);
      await eventually(() => here('select item from entry where id = 1'), [{ item: `lag ${item}` }]);
      return Date.now() - began;
    };
    const usual = Math.max(await lag(), await lag());
    const lags: Record<string, number> = { usual };
    for (const moment of ['compare.announced', 'compare.at-tick']) {
      const killed = await ends(compare, null as never, { LONDISTE_TAP: `${moment}=kill` });
      expect(killed.stderr).toContain(`tap ${moment}`);
      lags[`${moment} killed`] = await lag();
      const hanging = hang(`${moment}=wait`, '--set', 'compare_wait=1.5');
      await hanging.said(`tap ${moment}`);
      lags[`${moment} hanging`] = await lag();
      // And it is left behind for good.
      lags[`${moment} still hanging`] = await lag();
      await hanging.kill();
      await ends(compare, 0);
    }
    console.log(lags);
    for (const [moment, ms] of Object.entries(lags)) {
      const isHeld = moment.endsWith(' hanging') && !moment.endsWith('still hanging');
      expect(ms, moment).toBeLessThan(isHeld ? 1_500 + usual + 4_000 : usual + 4_000);
    }
    expect(lags['compare.at-tick hanging']).toBeGreaterThan(1_000);
  },
);

test('goes on for ever, and says up to which tick tables are equal', { timeout: 60_000 }, async () => {
  const child = spawn(
    process.execPath,
    [`${root}bin/londiste`, 'replica.ini', 'compare', 'entry', '--continuous', '--json'],
    { cwd: user.folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const passes = (): { state: string; ticks: { first: number } }[] =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as never);
  try {
    await eventually(() => passes().length > 3, true);
    const [first, second] = passes();
    expect(first).toMatchObject({ table: 'public.entry', state: 'equal', rows: { provider: 500 } });
    expect(second?.ticks.first).toBeGreaterThan(first?.ticks.first ?? 0);
    expect(await user.must('londiste replica.ini subscriber tables')).toMatch(
      /^public\.entry +ok\n {4}equal up to tick \d+, \d+ seconds ago$/m,
    );
    await here(`update entry set item = 'damaged' where id = 7`);
    await eventually(() => passes().at(-1), expect.objectContaining({ state: 'different', different: 1 }));
    expect(await user.must('londiste replica.ini subscriber tables')).toMatch(
      /^ {4}1 rows differed \d+ seconds ago; equal up to tick \d+, \d+ seconds ago$/m,
    );
    const [listed] = JSON.parse(await user.must('londiste replica.ini subscriber tables --json')) as never[];
    expect(listed).toMatchObject({ table: 'public.entry', compared: { differing: 1 } });
    await there(`update entry set item = 'mended' where id = 7`);
    await eventually(() => passes().at(-1)?.state, 'equal');

    const ours = `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'londiste % command' and datname = current_database()`;
    for (const side of [there, here]) {
      const seen = passes().length;
      await side(ours);
      await eventually(() => passes().length > seen + 1, true);
    }

    await user.must('londiste replica.ini -s');
    await eventually(() => stderr, expect.stringContaining('nobody replays consumer lmaster_to_slave'));
    const before = passes().length;
    await user.gone('lmaster_to_slave');
    await user.must('londiste replica.ini replay -d');
    await eventually(() => passes().length > before + 1, true);
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
  await ends(compare, 0);
});

test(
  'a table that is gone, or not ok, is told of, and the others are compared',
  { timeout: 60_000 },
  async () => {
    await there('drop table doomed');
    const gone = await ends(compare, 2);
    expect(gone.stdout).toMatch(
      /^public\.entry: equal .*\npublic\.doomed: not compared: table public\.doomed does not exist on the provider any more\n/,
    );
    await here(
      `update londiste.table_state set state = 'parked', error = 'test' where table_name = 'public.doomed'`,
    );
    expect((await ends(`${compare} doomed`, 2)).stdout).toMatch(
      /^public\.doomed: not compared: table public\.doomed is in state parked, not ok.*\n {2}→ londiste CONFIG subscriber retry public\.doomed\n$/,
    );
    await here('delete from entry where id = 9');
    await ends(compare, 1);
    await ends('londiste replica.ini repair --apply entry', 0);
  },
);

/** A compare that stops at a moment and never goes on. */
function hang(
  tap: string,
  ...more: string[]
): { said: (text: string) => Promise<void>; kill: () => Promise<void> } {
  const child = spawn(process.execPath, [`${root}bin/londiste`, 'replica.ini', 'compare', 'entry', ...more], {
    cwd: user.folder,
    env: { ...process.env, LONDISTE_TAP: tap },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    said: (text) => eventually(() => stderr.includes(text), true),
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
