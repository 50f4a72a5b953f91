/** Consumers killed at any moment: every event takes effect exactly once, or is a dead letter, and never both. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Producer, RemoteConsumer } from '../../src/library/index.js';
import { maintRetryEvents } from '../../src/pgq/maintenance.js';
import type { Session } from '../../src/db/session.js';
import { open } from '../support/databases.js';
import { ownServer } from '../support/own-server.js';
import { root } from '../support/programs.js';
import { connected, makePlace, type Place } from './place.js';

const rounds = 10;
const perRound = 40;

describe.each([
  ['oldest', 'same', ['handling', 'consumer.handled', 'consumer.finished']],
  [
    'newest',
    'other',
    ['handling', 'consumer.handled', 'consumer.staged', 'consumer.target-committed', 'consumer.finished'],
  ],
] as const)('a consumer on %s that works in the %s database', (which, kind, moments) => {
  const server = ownServer(which);
  let place: Place;
  let target: Place;
  let owner: Session;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    place = await makePlace(server().port);
    target = kind === 'same' ? place : await makePlace(server().port);
    await using there = await open(target.owner);
    await there.execute('create table effect (data text); grant all on effect to public');
    owner = await open(place.owner);
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await owner.end();
  });

  /** A child that halts at a moment, where one is given; `seen` are the moments that it has come to. */
  const start = (haltAt = ''): { seen: string[]; lines: Interface; killed: () => Promise<void> } => {
    const own = spawn(
      process.execPath,
      [
        `${root}test/library/crash-child.mjs`,
        ...[kind, JSON.stringify(place.reading), JSON.stringify(target.reading), haltAt],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    child = own;
    const lines = createInterface(own.stdout);
    const seen: string[] = [];
    lines.on('line', (line) => seen.push(line));
    const killed = async (): Promise<void> => {
      // Closed once all that it said has been read.
      const gone = once(lines, 'close');
      own.kill('SIGKILL');
      await gone;
    };
    return { seen, lines, killed };
  };
  const bringBack = async (): Promise<void> => {
    let moved = 0;
    for (let more = 1; more > 0; moved += more) more = await maintRetryEvents(owner);
    if (moved > 0) await owner.query(`select pgq.ticker('q')`);
  };
  /** Events that neither took effect nor are dead letters. */
  const missing = async (total: number): Promise<number> => {
    await using there = await open(target.owner);
    const { n } = await there.one<{ n: number }>('select count(*) as n from effect');
    const { m } = await owner.one<{ m: number }>('select count(*) as m from pgq.get_dead_events(null, null)');
    return total - n - m;
  };

  it('has every event take effect exactly once, whenever it is killed', async () => {
    await new RemoteConsumer({
      connection: place.reading,
      target: target.reading,
      queue: 'q',
      consumer: 'c',
    }).register();
    const client = await connected(place.writing);
    const producer = new Producer('q');
    const diedAt = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      for (let part = 0; part < 4; part += 1) {
        const events = Array.from({ length: perRound / 4 }, (_, n) => ({
          type: 't',
          data: String(round * perRound + part * (perRound / 4) + n),
        }));
        await producer.insertMany(client, events);
        await owner.query(`select pgq.ticker('q')`);
        await bringBack();
      }
      // Killed in a moment that it goes through in every batch, each in its turn, or soon after it.
      const moment = moments[round % moments.length] ?? 'handling';
      const isExact = round < moments.length;
      const { seen, lines, killed } = start(isExact ? moment : '');
      const patience = AbortSignal.timeout(20_000);
      while (!seen.includes(moment)) await once(lines, 'line', { signal: patience });
      if (!isExact) await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
      await killed();
      const last = seen.at(-1) ?? 'nothing';
      diedAt.set(last, (diedAt.get(last) ?? 0) + 1);
    }
    await client.end();

    const { killed } = start();
    const total = rounds * perRound;
    const end = Date.now() + 50_000;
    while ((await missing(total)) > 0 && Date.now() < end) {
      await bringBack();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await killed();

    console.log(`died after: ${[...diedAt].map(([moment, times]) => `${moment} ${times}`).join(', ')}`);
    await using there = await open(target.owner);
    const effects = await there.query<{ n: number }>('select data::int as n from effect order by 1');
    const isDead = (n: number): boolean => n % 50 === 7;
    const all = Array.from({ length: total }, (_, n) => n);
    expect(effects.map(({ n }) => n)).toEqual(all.filter((n) => !isDead(n)));
    const dead = await owner.query<{ n: number; retries: number; reason: string }>(
      `select ev_data::int as n, ev_retry as retries, dl_reason as reason from pgq.get_dead_events('q', 'c') order by 1`,
    );
    expect(dead).toEqual(all.filter(isDead).map((n) => ({ n, retries: 2, reason: `number ${n}` })));
    // A moment that is never met proves nothing.
    for (const moment of moments) expect(diedAt.get(moment) ?? 0, moment).toBeGreaterThan(0);
    const { left } = await owner.one<{ left: number }>('select count(*) as left from pgq.retry_queue');
    expect(left).toBe(0);
  });
});
