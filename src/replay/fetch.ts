import type { Session } from '../db/session.js';
import type { QueueEvent } from '../event/change.js';
import { readCopyText } from '../event/copy-text.js';

/** Streams the events that `sql` selects, in the order of their ids. */
export async function* fetchEvents(
  provider: Session,
  sql: string,
): AsyncGenerator<QueueEvent, void, undefined> {
  const columns = 'ev_id, ev_txid, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3';
  const rows = readCopyText(
    provider.copyOut(`copy (select ${columns} from (${sql}) as e order by ev_id) to stdout`),
  );
  for await (const [id, txid, type, data, table, layoutId, flags] of rows) {
    yield {
      id: Number(id),
      txid: Number(txid),
      type: type ?? null,
      data: data ?? null,
      table: table ?? null,
      layoutId: layoutId ?? null,
      flags: flags ?? null,
    };
  }
}
