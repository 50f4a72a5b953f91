import { Session, type ConnectSettings } from '../../../src/db/session.js';
import { finishBatch, nextBatch } from '../../../src/pgq/batch.js';
import { createDatabase, type Which } from '../../support/databases.js';
import { eventually } from '../../support/eventually.js';

/** A database with schema pgq, as its owner, who is no superuser, has installed it. */
export function pgqDatabase(which: Which): Promise<ConnectSettings> {
  return createDatabase(which, { installed: 'queue' });
}

/** A session, and the warnings that it has heard since. */
export async function openHearing(
  settings: ConnectSettings,
): Promise<{ session: Session; warnings: readonly string[] }> {
  const warnings: string[] = [];
  const session = await Session.open(settings, {
    side: 'database',
    applicationName: 'test',
    onNotice: (message, severity) => severity === 'WARNING' && warnings.push(message),
  });
  return { session, warnings };
}

/** A queue that is due for a tick at every look, and a consumer of it. */
export async function eagerQueue(session: Session, queue = 'q', consumer = 'c'): Promise<void> {
  await session.query('select pgq.create_queue($1)', [queue]);
  await session.query(
    `update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0' where queue_name = $1`,
    [queue],
  );
  await session.query('select pgq.register_consumer($1, $2)', [queue, consumer]);
}

export async function write(session: Session, data: string, queue = 'q'): Promise<number> {
  return value<number>(session, `select pgq.insert_event($1, 'test', $2)`, [queue, data]);
}

/** The one value of a query with one row and one column. */
export async function value<T>(session: Session, text: string, values: readonly unknown[] = []): Promise<T> {
  const row = await session.one<Record<string, T>>(text, values);
  return Object.values(row)[0] as T;
}

export interface SeenEvent {
  readonly id: number;
  readonly data: string | null;
  readonly batch: number;
}

/** Takes and finishes every batch that there is now; returns the events in the order in which they came. */
export async function drain(session: Session, queue = 'q', consumer = 'c'): Promise<SeenEvent[]> {
  const seen: SeenEvent[] = [];
  for (;;) {
    const batch = await nextBatch(session, queue, consumer);
    if (batch === undefined) return seen;
    seen.push(
      ...(await session.query<SeenEvent>(
        'select ev_id as id, ev_data as data, $1::bigint as batch from pgq.get_batch_events($1)',
        [batch],
      )),
    );
    await finishBatch(session, batch);
  }
}

/** Ticks and drains. */
export async function deliver(session: Session, queue = 'q', consumer = 'c'): Promise<string[]> {
  await session.query('select pgq.ticker($1)', [queue]);
  return (await drain(session, queue, consumer)).map(({ data }) => data ?? '');
}

/**
 * Everything read, up to a tick whose snapshot begins after all that was done so far. That takes as long as the oldest
 * transaction on the whole server: other databases have theirs.
 */
export async function pass(session: Session, queue = 'q', consumer = 'c'): Promise<void> {
  const marker = await value<number>(session, 'select txid_current()');
  await eventually(async () => {
    await deliver(session, queue, consumer);
    return value(
      session,
      `select txid_snapshot_xmin(t.tick_snapshot) > $1
       from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue
       where q.queue_name = $2 order by t.tick_id desc limit 1`,
      [marker, queue],
    );
  }, true);
}

/** One whole rotation, due or not. */
export async function rotate(session: Session, queue = 'q'): Promise<number> {
  await session.query(`update pgq.queue set queue_rotation_period = '-1 second' where queue_name = $1`, [
    queue,
  ]);
  await rotateWhenDue(session, queue);
  return value<number>(session, 'select queue_cur_table from pgq.queue where queue_name = $1', [queue]);
}

/** One whole rotation, if it is due. */
export async function rotateWhenDue(session: Session, queue: string): Promise<void> {
  await session.query('select pgq.maint_rotate_tables_step1($1)', [queue]);
  await session.query('select pgq.maint_rotate_tables_step2()');
}
