import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Consumer, Producer, type NewEvent } from '../../../src/library/index.js';
import type { Run } from '../run.js';
import type { Scenario } from '../scenario.js';

const queue = 'bench';
const batchSize = 5_000;
const event: NewEvent = { type: 'I', data: 'x'.repeat(100), extra1: 'public.entry' };
const batch = Array.from({ length: batchSize }, () => event);
const bareColumns = 'ev_type, ev_data, ev_extra1';
const eventValues = [event.type, event.data, event.extra1];
const lines = `${eventValues.join('\t')}\n`.repeat(batchSize);

/** The same work with PgQ's library and with a bare table, whose rows nobody acknowledges. */
interface Way {
  putOne(client: pg.Client): Promise<unknown>;
  /** A batch by COPY. */
  putMany(client: pg.Client): Promise<unknown>;
  /** A batch by one statement of the server's. */
  putManyBySql(client: pg.Client): Promise<unknown>;
  /** Makes what was put in readable as one batch. */
  close(client: pg.Client): Promise<unknown>;
  /** Reads and acknowledges all there is; returns how many events. */
  read(client: pg.Client): Promise<number>;
}

export const pgqRead: Scenario = {
  name: 'pgq-read',
  summary: 'events put in and read by the library londiste/pgq, beside rows of a bare table',
  peers: ['none', 'pgq'],
  tables: () => [
    {
      name: 'plain',
      columns: `ev_id bigserial, ev_time timestamptz default now(), ev_txid bigint default txid_current(), ev_retry integer,
        ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text`,
    },
  ],
  async measure(run) {
    const client = new pg.Client({ ...run.pair.provider.settings });
    await client.connect();
    const way = run.peer.name === 'none' ? bare() : await library(run, client);
    try {
      await measurePut(run, way, client);
      await measureRead(run, way, client);
    } finally {
      await client.end();
    }
    await run.compare();
  },
};

async function measurePut(run: Run, way: Way, client: pg.Client): Promise<void> {
  const ones = run.size.of(5_000, 1_000);
  // What the disk takes for a commit is no part of it.
  await client.query('set synchronous_commit = off');
  let began = performance.now();
  for (let n = 0; n < ones; n += 1) await way.putOne(client);
  tell(run, 'pgq put in, one a transaction', ones, began);
  const batches = run.size.of(100, 20);
  const ways: Record<string, () => Promise<unknown>> = {
    COPY: () => way.putMany(client),
    SQL: () => way.putManyBySql(client),
  };
  for (const [how, put] of Object.entries(ways)) {
    began = performance.now();
    for (let n = 0; n < batches; n += 1) await inTransaction(client, put);
    tell(run, `pgq put in, 5,000 a transaction by ${how}`, batches * batchSize, began);
  }
  await way.close(client);
  await way.read(client);
}

async function measureRead(run: Run, way: Way, client: pg.Client): Promise<void> {
  const batches = run.size.of(100, 20);
  for (let n = 0; n < batches; n += 1) {
    await inTransaction(client, () => way.putMany(client));
    await way.close(client);
  }
  let began = performance.now();
  await readAll(run, way, client, batches * batchSize);
  tell(run, 'pgq read, batches of 5,000', batches * batchSize, began);

  const large = run.size.of(200, 20);
  await inTransaction(client, async () => {
    for (let n = 0; n < large; n += 1) await way.putMany(client);
  });
  await way.close(client);
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  began = performance.now();
  await readAll(run, way, client, large * batchSize);
  clearInterval(timer);
  tell(run, 'pgq read, one batch', large * batchSize, began);
  const grown = (most - before) / 1e6;
  run.measured({ metric: 'pgq read, one batch: memory grown by', value: grown, unit: 'MB', better: 'lower' });
}

async function readAll(run: Run, way: Way, client: pg.Client, expected: number): Promise<void> {
  const seen = await way.read(client);
  if (seen !== expected) throw new Error(`${run.peer.name}: read ${seen} events of ${expected}`);
}

function tell(run: Run, metric: string, events: number, began: number): void {
  const value = (events * 1000) / (performance.now() - began);
  run.measured({ metric, value, unit: 'events/s', better: 'higher', details: { events } });
}

async function inTransaction(client: pg.Client, work: () => Promise<unknown>): Promise<void> {
  await client.query('begin');
  await work();
  await client.query('commit');
}

async function library(run: Run, client: pg.Client): Promise<Way> {
  const producer = new Producer(queue);
  const consumer = (): Consumer =>
    new Consumer({ connection: run.pair.provider.settings, queue, consumer: 'reader' });
  await client.query(`update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0'`);
  await using first = consumer();
  await first.register();
  return {
    putOne: (on) => producer.insert(on, event),
    putMany: (on) => producer.copy(on, batch),
    putManyBySql: (on) =>
      on.query(
        `select count(pgq.insert_event('${queue}', $1, $2, $3, null, null, null)) from generate_series(1, ${batchSize})`,
        eventValues,
      ),
    close: (on) => on.query('select pgq.ticker($1)', [queue]),
    async read() {
      await using reader = consumer();
      let seen = 0;
      while (
        await reader.processBatch(async (events) => {
          for await (const { id } of events) seen += id > 0 ? 1 : 0;
        })
      );
      return seen;
    },
  };
}

function bare(): Way {
  const many = `insert into plain (${bareColumns}) select $1, $2, $3 from generate_series(1, ${batchSize})`;
  let last = '0';
  return {
    putOne: (on) =>
      on.query(`insert into plain (${bareColumns}) values ($1, $2, $3) returning ev_id`, eventValues),
    putMany: (on) =>
      pipeline(
        Readable.from([lines], { objectMode: false }),
        on.query(copyFrom(`copy plain (${bareColumns}) from stdin`)),
      ),
    putManyBySql: (on) => on.query(many, eventValues),
    close: () => Promise.resolve(),
    async read(on) {
      let seen = 0;
      await on.query('begin');
      await on.query(
        `declare bare no scroll cursor for select * from plain where ev_id > ${last} order by ev_id`,
      );
      for (;;) {
        const { rows } = await on.query<{ ev_id: string }>(`fetch ${batchSize} from bare`);
        if (rows.length === 0) break;
        seen += rows.length;
        last = rows.at(-1)?.ev_id ?? last;
      }
      await on.query('commit');
      return seen;
    },
  };
}
