/** The README's first command. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { root, run } from '../support/programs.js';

/** A module that has the collector of garbage run ten times a second. */
const clearsMemoryOften = `data:text/javascript,${encodeURIComponent(`
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  setFlagsFromString('--expose-gc');
  setInterval(runInNewContext('gc'), 100).unref();
`)}`;
const folder = mkdtempSync(join(tmpdir(), 'londiste-demo-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function postmasters(): number[] {
  return ['provider', 'subscriber']
    .map((side) => join(folder, side, 'data', 'postmaster.pid'))
    .filter((file) => existsSync(file))
    .map((file) => Number(readFileSync(file, 'utf8').split('\n')[0]));
}

test(
  'runs for a time and ends equal, goes on when started again, starts afresh',
  { timeout: 120_000 },
  async () => {
    // The time has to come to its end however often memory is cleared: a signal that nobody held was cleared away once.
    const first = await run('londiste', ['demo', '--for', '6s', '--data', folder], {
      env: { NODE_OPTIONS: `--import=${clearsMemoryOften}` },
    });
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toContain(folder);
    expect(first.stdout).toMatch(/captured \d+ {2}applied \d+ {2}lag .*public\.entry ok/);
    const rows = Number(/both sides are equal: (\d+) rows/.exec(first.stdout)?.[1]);
    expect(rows).toBeGreaterThan(1000);
    expect(postmasters()).toEqual([]);

    const again = await run('londiste', ['demo', '--for', '3s', '--data', folder]);
    expect(again).toMatchObject({ code: 0 });
    expect(Number(/both sides are equal: (\d+) rows/.exec(again.stdout)?.[1])).toBeGreaterThan(rows);

    const afresh = await run('londiste', ['demo', '--for', '2s', '--reset', '--data', folder]);
    expect(afresh).toMatchObject({ code: 0 });
    expect(Number(/both sides are equal: (\d+) rows/.exec(afresh.stdout)?.[1])).toBeLessThan(rows);
  },
);

test(
  'two at once: the second refuses; Ctrl-C ends all, SIGKILL leaves nothing that the next start does not mend',
  { timeout: 120_000 },
  async () => {
    const demo = (): ReturnType<typeof spawn> =>
      spawn(process.execPath, [`${root}bin/londiste`, 'demo', '--data', folder], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const ended = (child: ReturnType<typeof spawn>): Promise<number | null> =>
      new Promise((resolve) => child.once('exit', resolve));

    const first = demo();
    const gone = ended(first);
    let shown = '';
    first.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await eventually(() => shown.includes('captured'), true, 60_000);
    const second = await run('londiste', ['demo', '--for', '1s', '--data', folder]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('another demo runs');
    first.kill('SIGINT');
    expect(await gone).toBe(0);
    expect(postmasters()).toEqual([]);

    const killed = demo();
    const dead = ended(killed);
    shown = '';
    killed.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await eventually(() => shown.includes('captured'), true, 60_000);
    killed.kill('SIGKILL');
    await dead;
    expect(postmasters()).toHaveLength(2);
    expect(await run('londiste', ['demo', '--for', '2s', '--data', folder])).toMatchObject({ code: 0 });
    expect(postmasters()).toEqual([]);
  },
);

test('a time that is none is refused', async () => {
  const refused = await run('londiste', ['demo', '--for', 'long', '--data', folder]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('--for');
});
