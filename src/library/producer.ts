import type { CopyClient } from '../db/copy-in.js';
import { copyIn } from '../db/copy-in.js';
import type { Queryable } from '../db/queryable.js';
import { LondisteError } from '../kernel/errors.js';
import type { NewEvent } from '../pgq/event.js';
import { copyLines } from './copy-lines.js';

/**
 * Puts events into a queue, on a connection of the caller's: an event is there when the caller's transaction commits, and
 * never was when it rolls back. It holds nothing, so that one serves a whole program. Errors are those of `pg`.
 */
export class Producer {
  readonly queue: string;

  constructor(queue: string) {
    this.queue = queue;
  }

  /** Puts one event in; returns its id. Needs role pgq_writer. */
  async insert(client: Queryable, event: NewEvent): Promise<number> {
    const [id] = await this.insertMany(client, [event]);
    if (id === undefined) throw new LondisteError('bug', 'the server returned no event id');
    return id;
  }

  /** Puts some hundreds of events in by one statement; returns their ids in that order. Needs role pgq_writer. */
  async insertMany(client: Queryable, events: readonly NewEvent[]): Promise<number[]> {
    const column = (read: (event: NewEvent) => string | null | undefined): (string | null)[] =>
      events.map((event) => read(event) ?? null);
    const { rows } = await client.query(
      `select pgq.insert_event($1, e.type, e.data, e.extra1, e.extra2, e.extra3, e.extra4)::text as id
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
         with ordinality as e (type, data, extra1, extra2, extra3, extra4, n) order by n`,
      [
        this.queue,
        column(({ type }) => type),
        column(({ data }) => data),
        column(({ extra1 }) => extra1),
        column(({ extra2 }) => extra2),
        column(({ extra3 }) => extra3),
        column(({ extra4 }) => extra4),
      ],
    );
    return rows.map(({ id }) => Number(id));
  }

  /**
   * Puts any number of events in by COPY, in the transaction that `client` (a `Client` or `PoolClient`) is in; returns how
   * many. Needs role pgq_admin, or INSERT on the event tables: COPY passes by `pgq.insert_event`, and so by
   * `queue_per_tx_limit` and by whoever replaced that function.
   *
   * @throws LondisteError `usage` outside of a transaction: the table to write to is known for one transaction only.
   */
  async copy(
    client: Queryable & CopyClient,
    events: AsyncIterable<NewEvent> | Iterable<NewEvent>,
  ): Promise<number> {
    // The transaction id before the first event's: a tick that counts the event then knows of its transaction.
    const begun = await client.query(
      `select txid_current()::text as txid, pgq.current_event_table($1) as name,
         to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`,
      [this.queue],
    );
    const { txid, name, now } = begun.rows[0] as { txid: string; name: string; now: string };
    const { rows } = await client.query('select txid_current_if_assigned()::text as txid');
    if (rows[0]?.['txid'] !== txid) {
      throw new LondisteError(
        'usage',
        `events were to be copied into queue ${this.queue} outside of a transaction`,
        {
          hint: `await client.query('begin') first, and commit after it`,
        },
      );
    }
    const columns = 'ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4';
    return copyIn(
      client,
      `copy ${name} (${columns}) from stdin with (encoding 'UTF8')`,
      copyLines(events, now),
    );
  }
}
