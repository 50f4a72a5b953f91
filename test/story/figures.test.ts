/** How long things take with default settings, and that the README's commands are enough. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { root } from '../support/programs.js';

test(
  'the README: at most 8 commands and 60 seconds, a small table within 2, and a median latency under 100 ms',
  { timeout: 180_000 },
  async () => {
    const sides = { provider: await createDatabase('oldest'), subscriber: await createDatabase('newest') };
    const user = new Installation(sides.provider, sides.subscriber);
    await using provider = await open(sides.provider);
    await using subscriber = await open(sides.subscriber);
    for (const session of [provider, subscriber])
      await session.execute('create table entry (id serial primary key, item text)');
    await provider.execute(`insert into entry (item) values ('one row')`);

    const commands = readFileSync(`${root}README.md`, 'utf8')
      .split('\n')
      .filter((line) => /^(londiste|pgqadm) .*# +\d/.test(line))
      .map((line) => (line.split('#')[0] ?? '').trim().replaceAll(/ +/g, ' '));
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.length).toBeLessThanOrEqual(8);
    const began = Date.now();
    let okAfter = Infinity;
    for (const command of commands) {
      await user.must(command);
      if (!command.includes('subscriber add ')) continue;
      const added = Date.now();
      await eventually(
        async () => (await subscriber.query(`select from londiste.table_state where state = 'ok'`)).length,
        1,
      );
      okAfter = Date.now() - added;
    }
    await becomeEqual(sides, { sequence: 'entry_id_seq' });
    console.log(
      `${commands.length} commands, replicated after ${Date.now() - began} ms; the table was ok ${okAfter} ms after subscriber add`,
    );
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(okAfter).toBeLessThan(2_000);

    const latencies = await measureLatency(sides, 30_000);
    const [p50, p99] = [0.5, 0.99].map(
      (share) => latencies[Math.floor(latencies.length * share)] ?? Infinity,
    );
    console.log(
      `latency of ${latencies.length} inserts at 20 a second: median ${p50} ms, 99th percentile ${p99} ms`,
    );
    expect(latencies.length).toBeGreaterThan(400);
    expect(p50).toBeLessThan(100);
    await user.stop();
  },
);

/** Inserts 20 rows a second and notes when each is seen on the subscriber, looking every few milliseconds; sorted milliseconds. */
async function measureLatency(
  sides: { provider: Parameters<typeof open>[0]; subscriber: Parameters<typeof open>[0] },
  ms: number,
): Promise<number[]> {
  await using provider = await open(sides.provider);
  await using subscriber = await open(sides.subscriber);
  const written = new Map<number, number>();
  const latencies: number[] = [];
  const finished = new AbortController();
  const reader = (async () => {
    let seen = (await subscriber.one<{ id: number }>('select max(id) as id from entry')).id;
    while (!finished.signal.aborted || written.size > 0) {
      const rows = await subscriber.query<{ id: number }>('select id from entry where id > $1', [seen]);
      for (const { id } of rows) {
        seen = Math.max(seen, id);
        const at = written.get(id);
        if (at === undefined) continue;
        latencies.push(Date.now() - at);
        written.delete(id);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  const end = Date.now() + ms;
  while (Date.now() < end) {
    const next = Date.now() + 50;
    const { id } = await provider.one<{ id: number }>(
      `insert into entry (item) values ('timed') returning id`,
    );
    written.set(id, Date.now());
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
  }
  finished.abort();
  await reader;
  return latencies.sort((a, b) => a - b);
}
