/** A database with a queue, as a library user meets it: roles that may produce or consume and nothing more. */
import pg from 'pg';
import { beforeEach } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { installCompanions } from '../../src/install/companions.js';
import { installSchema } from '../../src/install/install.js';
import { Producer, type Batch, type ConsumerOptions } from '../../src/library/index.js';
import { maintRetryEvents } from '../../src/pgq/maintenance.js';
import { owner } from '../support/clusters.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { ownServer } from '../support/own-server.js';

export interface Place {
  /** The owner of the database, no superuser. */
  readonly owner: ConnectSettings;
  /** In role pgq_writer. */
  readonly writing: ConnectSettings;
  /** In role pgq_reader. */
  readonly reading: ConnectSettings;
  /** In role pgq_admin. */
  readonly administering: ConnectSettings;
  readonly nobody: ConnectSettings;
}

export const logins = { writing: 'pgq_writer', reading: 'pgq_reader', administering: 'pgq_admin' } as const;

/** A database with schemas pgq, pgq_coop and pgq_ext, and a queue that is due for a tick at every look. */
export async function makePlace(port: number, queue = 'q'): Promise<Place> {
  await asSuperuser(port, (admin) => admin.execute(`alter role ${owner} createrole`));
  const settings = await createDatabase({ port });
  await using session = await open(settings);
  await installSchema(session, 'pgq');
  await installCompanions(session);
  await asSuperuser(port, async (admin) => {
    for (const [name, role] of [...Object.entries(logins), ['nobody', undefined] as const]) {
      const [there] = await admin.query('select from pg_roles where rolname = $1', [name]);
      if (there) continue;
      await admin.execute(`create role ${name} login ${role === undefined ? '' : `in role ${role}`}`);
    }
  });
  await createQueue(session, queue);
  const as = (user: string): ConnectSettings => ({ ...settings, user });
  return {
    owner: settings,
    writing: as('writing'),
    reading: as('reading'),
    administering: as('administering'),
    nobody: as('nobody'),
  };
}

export async function createQueue(session: Session, queue: string): Promise<void> {
  await session.query('select pgq.create_queue($1)', [queue]);
  await session.query(
    `update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0' where queue_name = $1`,
    [queue],
  );
}

/** Brings retries that are due back, and ticks until the queue's last tick sees what was there. */
export async function tick(place: Place, queue = 'q'): Promise<void> {
  await using session = await open(place.owner);
  while ((await maintRetryEvents(session)) > 0);
  await session.query('select pgq.ticker($1)', [queue]);
}

/** A client of the driver itself, as a program has it. */
export async function connected(settings: ConnectSettings): Promise<pg.Client> {
  const { host, port, user, database } = settings;
  const client = new pg.Client({ host, port, user, database });
  await client.connect();
  return client;
}

/** Runs `work` with a client in a transaction. */
export async function inClient<T>(
  settings: ConnectSettings,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connected(settings);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } finally {
    await client.end();
  }
}

/** A place of its own for each test of a file. */
export function ownPlace(which: Parameters<typeof ownServer>[0]): () => Place {
  const server = ownServer(which);
  let place: Place | undefined;
  beforeEach(async () => {
    place = await makePlace(server().port);
  });
  return () => {
    if (!place) throw new Error('asked for before the test');
    return place;
  };
}

/** Of consumer `c` on queue `q`; what is to be retried is due at once. */
export function options(place: Place, more: Partial<ConsumerOptions> = {}): ConsumerOptions {
  return { connection: place.reading, queue: 'q', consumer: 'c', retrySeconds: () => 0, ...more };
}

/** Puts events in, one tick for all of them; returns their ids. */
export async function produce(place: Place, ...data: string[]): Promise<number[]> {
  const ids = await inClient(place.writing, (client) =>
    new Producer('q').insertMany(
      client,
      data.map((each) => ({ type: 't', data: each })),
    ),
  );
  await tick(place);
  return ids;
}

export async function read(batch: Batch, into: (string | null)[]): Promise<void> {
  for await (const { data } of batch) into.push(data);
}

/** A table that the consumer's role may write. */
export async function createEffects(at: Place): Promise<void> {
  await using session = await open(at.owner);
  await session.execute('create table effect (data text); grant all on effect to public');
}

export async function effected(at: Place): Promise<string[]> {
  await using session = await open(at.owner);
  const rows = await session.query<{ data: string }>('select data from effect order by data');
  return rows.map(({ data }) => data);
}
