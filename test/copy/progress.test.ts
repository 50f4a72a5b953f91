/** What `copy status` and `copy watch` tell while a copy is under way, from the servers and as a user sees it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { copyProgress, type CopyProgress } from '../../src/londiste/copy-progress.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { conninfo, open } from '../support/databases.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, type Pair } from '../support/pair.js';
import { run } from '../support/programs.js';

let replay: Daemons | undefined;
const folders: string[] = [];

afterEach(async () => {
  disarmAll();
  await replay?.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(rows: number): Promise<Pair> {
  const pair = await createPair('newest', 'newest');
  const table = 'create table entry (id int primary key, item text)';
  await pair.provider.execute(
    `${table}; insert into entry select n, repeat('x', 200) from generate_series(1, ${rows}) n`,
  );
  await pair.provider.execute('analyze entry');
  await pair.subscriber.execute(`${table}; create index entry_item on entry (item)`);
  Daemons.ticker(pair);
  await addProviderTables(pair.provider, 'q', ['entry']);
  await tickerRuns(pair.provider);
  return pair;
}

function configOf({ providerSettings, subscriberSettings, name }: Pair): string {
  const folder = mkdtempSync(join(tmpdir(), 'londiste-progress-'));
  folders.push(folder);
  const file = join(folder, 'replica.ini');
  writeFileSync(
    file,
    `[londiste]\njob_name = ${name.consumer}\nprovider_db = ${conninfo(providerSettings)}\nsubscriber_db = ${conninfo(subscriberSettings)}\npgq_queue_name = ${name.queue}\n`,
  );
  return file;
}

test('rows that have landed, of those that the provider has, and the indexes to come; then nothing', async () => {
  const rows = 20_000;
  const pair = await start(rows);
  const seen: CopyProgress[] = [];
  const look = async (): Promise<CopyProgress | undefined> => {
    const [one] = await copyProgress(pair.ends, pair.name);
    if (one) seen.push(one);
    return one;
  };
  // After two of the ranges, and in the middle of one that has not landed.
  let landed = 0;
  arm('copy.range-landed', async () => {
    landed += 1;
    if (landed === 2) await look();
  });
  replay = Daemons.replay(pair, { copyRangeBytes: 512 * 1024, copyConnections: 1 });
  await addSubscriberTables(pair.ends, ['entry']);
  const config = configOf(pair);
  const watched = await run('londiste', [config, 'copy', 'watch', '--json']);
  expect(watched.code, watched.stderr).toBe(0);
  await eventually(look, undefined);

  const [amid] = seen;
  expect(amid).toMatchObject({
    table: 'public.entry',
    state: 'copying',
    rowsExpected: rows,
    error: undefined,
  });
  expect(amid?.rows).toBeGreaterThan(0);
  expect(amid?.rows).toBeLessThan(rows);
  expect(amid?.fraction).toBeCloseTo((amid?.rows ?? 0) / rows);
  expect(amid?.bytesExpected).toBeGreaterThan(rows * 200);
  expect(amid?.indexesMissing).toBe(2);

  const last = JSON.parse(watched.stdout.trim().split('\n').at(-1) ?? '') as { tables: unknown[] };
  expect(last.tables).toEqual([]);
  const told = await run('londiste', [config, 'copy', 'status']);
  expect(told.stdout).toBe('All tables are ok.\n');
});

test('rows under way are those of the COPY that runs, and a parked table ends the watching with exit code 1', async () => {
  const pair = await start(300);
  // A row takes its time, and one is refused at last.
  await pair.subscriber.execute(`create function slowly() returns trigger language plpgsql as
    $$ begin perform pg_sleep(0.01); if new.id = 300 then raise 'not that one'; end if; return new; end $$;
    create trigger slow before insert on entry for each row execute function slowly();
    alter table entry enable always trigger slow`);
  replay = Daemons.replay(pair);
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(async () => {
    const [one] = await copyProgress(pair.ends, pair.name);
    return one !== undefined && one.state === 'copying' && one.rows > 0 && one.rows < 300;
  }, true);
  const config = configOf(pair);
  const told = await run('londiste', [config, 'copy', 'status']);
  expect(told.stdout).toMatch(/^public\.entry +copying +\[#*\.*\] +\d+ % {2}\d+ of 300 rows /);
  const watched = await run('londiste', [config, 'copy', 'watch']);
  expect(watched.code).toBe(1);
  expect(watched.stdout).toMatch(/public\.entry +parked +.*not that one/);
  expect(watched.stderr).toContain('1 table parked');

  await pair.subscriber.execute(`insert into entry select n, 'x' from generate_series(1, 100) n;
    create function slow_too(text) returns text language plpgsql immutable as 'begin perform pg_sleep(0.05); return $1; end'`);
  await using builder = await open(pair.subscriberSettings);
  const built = builder.execute('create index entry_slowly on entry (slow_too(item))');
  await eventually(async () => {
    const [one] = await copyProgress(pair.ends, pair.name);
    return `${one?.index?.name}: ${one?.index?.phase}`;
  }, 'entry_slowly: building index: scanning table');
  await built;
});

test('a copy that goes to a shadow says so, to people and to programs, until replay has taken it over', async () => {
  const pair = await start(3_000);
  replay = Daemons.replay(pair, { copyRangeBytes: 64 * 1024 });
  const config = configOf(pair);
  const told = async (...command: string[]): Promise<string> => {
    const { stdout, stderr, code } = await run('londiste', [config, ...command]);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const tell = async (): Promise<{ people: string; shadows: unknown[] }> => {
    const programs = [await told('subscriber', 'tables', '--json'), await told('copy', 'status', '--json')];
    return {
      people: (await told('subscriber', 'tables')) + (await told('copy', 'status')),
      shadows: programs.flatMap((text) =>
        (JSON.parse(text) as { shadow: unknown }[]).map(({ shadow }) => shadow),
      ),
    };
  };
  const ok = async (): Promise<string | undefined> =>
    (await listTables(pair.subscriber, pair.name))[0]?.state;
  await addSubscriberTables(pair.ends, ['entry']);
  await eventually(ok, 'ok', 20_000);
  let seen: Awaited<ReturnType<typeof tell>> | undefined;
  arm('copy.range-landed', async () => {
    disarmAll();
    seen = await tell();
  });
  await resyncTables(pair.ends, ['entry'], { shadow: true });
  await eventually(async () => seen !== undefined && (await ok()) === 'ok', true, 40_000);
  expect(seen?.shadows).toEqual(['londiste.shadow_1', 'londiste.shadow_1']);
  expect(seen?.people).toContain(
    '    its copy goes to londiste.shadow_1; readers keep the old rows until replay takes it over\n',
  );
  expect(seen?.people).toMatch(/^public\.entry +copying .* {2}into londiste\.shadow_1$/m);
  const after = await tell();
  expect(after.shadows).toEqual([null]);
  expect(after.people).not.toContain('shadow');
});
