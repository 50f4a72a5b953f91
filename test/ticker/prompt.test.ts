/** When the ticker daemon ticks: soon after a rare event, rarely when there are many, and hardly ever when there are none. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Session, type ConnectSettings } from '../../src/db/session.js';
import { sleep } from '../../src/kernel/clock.js';
import { Ticker } from '../../src/ticker/ticker.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { pgqDatabase, value, write } from '../sql/pgq/pgq-database.js';

const rareEvents = 40;
const loadMs = 3000;

describe.each(['oldest', 'newest'] as const)('ticks of the daemon on %s', (which) => {
  let settings: ConnectSettings;
  let session: Session;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    settings = await pgqDatabase(which);
    session = await open(settings);
    await session.query(`select pgq.create_queue('q'), pgq.set_queue_config('q', 'ticker_max_lag', '0')`);
    stop = new AbortController();
    const ticker = new Ticker({
      connect: (onNotice) =>
        Session.open(settings, { side: 'database', applicationName: 'ticker', onNotice }),
      log: pino({ level: 'silent' }),
    });
    running = ticker.run(stop.signal);
    await eventually(async () => (await ticks()) > 1, true);
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await session.end();
  });

  function ticks(): Promise<number> {
    return value<number>(session, 'select max(tick_id) from pgq.tick');
  }

  it('follow a rare event within moments, and then there are few without events', async () => {
    let heardAt = 0;
    let ring = (): void => undefined;
    await session.listen(await value<string>(session, `select pgq.tick_channel('q')`), () => {
      heardAt = performance.now();
      ring();
    });
    await using writer = await open(settings);
    const waits: number[] = [];
    for (let n = 0; n < rareEvents; n += 1) {
      const heard = new Promise<void>((resolve) => (ring = resolve));
      await write(writer, `${n}`);
      const committed = performance.now();
      await heard;
      waits.push(heardAt - committed);
      await sleep(50);
    }
    waits.sort((a, b) => a - b);
    const [median, worst] = [waits[rareEvents / 2] ?? Infinity, waits.at(-1) ?? Infinity];
    const before = await ticks();
    await sleep(4000);
    const idle = (await ticks()) - before;
    console.log(
      `${which}: ${rareEvents} rare events waited ${median.toFixed(1)} ms, at most ${worst.toFixed(1)}; ${idle} ticks in 4 s after them`,
    );
    expect(median).toBeLessThan(50);
    expect(idle).toBeLessThanOrEqual(4);
  });

  it('come ten times a second when there are many events, and none is left out', async () => {
    const before = await ticks();
    const end = Date.now() + loadMs;
    let events = 0;
    await using writer = await open(settings);
    while (Date.now() < end) {
      await writer.query(`select pgq.insert_event('q', 'load', n::text) from generate_series(1, 100) n`);
      events += 100;
    }
    const taken = (await ticks()) - before;
    console.log(`${which}: ${events} events, ${taken} ticks in ${loadMs} ms`);
    expect(taken).toBeLessThanOrEqual((loadMs / 1000) * 15);
    await eventually(() => value(session, `select max(tick_event_seq) from pgq.tick`), events);
  });
});
