import { quoteLiteral } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { unescapeField, wholeLines } from '../event/copy-text.js';
import { LondisteError } from '../kernel/errors.js';

/** An event as whoever looks on sees it. */
export interface SeenEvent {
  readonly id: number;
  /** The server's text. */
  readonly time: string;
  readonly txid: string;
  readonly retries: number;
  readonly type: string | null;
  readonly data: string | null;
  readonly extra: readonly (string | null)[];
}

/** A place in a queue. */
export interface Place {
  readonly tick: number;
  readonly snapshot: string;
}

/** What of a queue is read: the events after one tick and up to another. */
export interface EventRange {
  readonly queue: { readonly id: number; readonly name: string; readonly table: string };
  readonly from: Place;
  readonly to: Place;
  /** The consumer (sub_id) whose retried events are read too. */
  readonly owner: number | undefined;
  /** Types, in which `*` stands for anything; none for all. */
  readonly types: readonly string[];
}

/**
 * Reads the events of a range in the order of their ids, as a stream, so that no more than one of them and a piece of the
 * stream is in memory. While it is read the queue is not rotated.
 *
 * @throws LondisteError `refused` when rotation has taken some of them away.
 */
export async function* readEventRange(
  session: Session,
  { queue, from, to, owner, types }: EventRange,
): AsyncGenerator<SeenEvent, void, undefined> {
  const { sql } = await session.one<{ sql: string }>('select pgq.event_range_sql($1, $2, $3, $4) as sql', [
    queue.id,
    from.snapshot,
    to.snapshot,
    owner ?? null,
  ]);
  const condition =
    types.length === 0 ? 'true' : `ev_type like any (array[${types.map(likePattern).join(', ')}])`;
  await session.execute('begin read only');
  // Under this lock rotation lets the queue alone; where there is an older tick, so are all events since.
  await session.execute(`lock table ${queue.table} in access share mode`);
  const { there } = await session.one<{ there: boolean }>(
    'select exists (select from pgq.tick where tick_queue = $1 and tick_id <= $2) as there',
    [queue.id, from.tick],
  );
  if (!there) {
    await session.execute('rollback');
    throw new LondisteError(
      'refused',
      `${session.where}: queue ${queue.name} no longer has the events after tick ${from.tick}`,
      { hint: 'begin with what is there: --from oldest' },
    );
  }
  const stream = session.copyOut(
    `copy (select ev_id, ev_time, ev_txid, coalesce(ev_retry, 0), ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4
       from (${sql}) e where ${condition} order by ev_id) to stdout`,
  );
  for await (const lines of wholeLines(stream)) {
    for (let start = 0; start < lines.length;) {
      const end = lines.indexOf(0x0a, start);
      yield eventOf(lines.subarray(start, end));
      start = end + 1;
    }
  }
  await session.execute('commit');
}

function likePattern(type: string): string {
  return quoteLiteral(type.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%'));
}

function eventOf(line: Buffer): SeenEvent {
  const fields: (string | null)[] = [];
  for (let start = 0; start <= line.length;) {
    const tab = line.indexOf(0x09, start);
    const end = tab === -1 ? line.length : tab;
    fields.push(fieldOf(line.subarray(start, end)));
    start = end + 1;
  }
  const [id, time, txid, retries, type = null, data = null, ...extra] = fields;
  return { id: Number(id), time: time ?? '', txid: txid ?? '', retries: Number(retries), type, data, extra };
}

/** Whoever looks on rather sees a wrong character than nothing: bytes that are no UTF-8 become one. */
function fieldOf(field: Buffer): string | null {
  if (field.length === 2 && field[0] === 0x5c && field[1] === 0x4e) return null;
  return unescapeField(field).toString('utf8');
}

/** Places of a queue by what somebody says: its oldest tick, its last, one by its number, the last one before a time. */
export async function findPlace(
  session: Session,
  queueId: number,
  which: 'oldest' | 'last' | { readonly tick: number } | { readonly before: string },
): Promise<Place | undefined> {
  const [condition, order, value] =
    which === 'oldest'
      ? ['$2::text is null', 'asc', null]
      : which === 'last'
        ? ['$2::text is null', 'desc', null]
        : 'tick' in which
          ? ['tick_id = $2::bigint', 'desc', which.tick]
          : ['tick_time <= $2::timestamptz', 'desc', which.before];
  const [place] = await session.query<Place>(
    `select tick_id as tick, tick_snapshot::text as snapshot from pgq.tick
      where tick_queue = $1 and ${condition} order by tick_queue ${order}, tick_id ${order} limit 1`,
    [queueId, value],
  );
  return place;
}

/** Where a consumer stands, and the id under which its retried events are kept. */
export async function placeOfConsumer(
  session: Session,
  queueId: number,
  consumer: string,
): Promise<(Place & { readonly owner: number }) | undefined> {
  const [place] = await session.query<Place & { owner: number }>(
    `select s.sub_id as owner, t.tick_id as tick, t.tick_snapshot::text as snapshot
     from pgq.subscription s
       join pgq.consumer c on c.co_id = s.sub_consumer
       join pgq.tick t on t.tick_queue = s.sub_queue and t.tick_id = s.sub_last_tick
     where s.sub_queue = $1 and c.co_name = $2`,
    [queueId, consumer],
  );
  return place;
}
