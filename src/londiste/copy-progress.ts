import type { Session } from '../db/session.js';
import type { TableState } from '../table/state.js';
import type { SubscriptionName } from './subscription-name.js';

/** An index that is built after the rows. */
export interface IndexBuild {
  readonly name: string;
  /** As pg_stat_progress_create_index has it. */
  readonly phase: string;
  /** Of the phase, from 0 to 1; undefined where the server does not say. */
  readonly fraction: number | undefined;
}

/** How far the copy of one table is. */
export interface CopyProgress {
  readonly table: string;
  readonly state: TableState;
  readonly isPaused: boolean;
  readonly error: string | undefined;
  /** Of the rows, from 0 to 1; undefined as long as nobody knows how many there are. */
  readonly fraction: number | undefined;
  readonly rows: number;
  /** The planner's estimate on the provider; undefined where it has none. */
  readonly rowsExpected: number | undefined;
  /** On the provider, without indexes. */
  readonly bytesExpected: number;
  readonly index: IndexBuild | undefined;
  /** Indexes that are not there yet, that one included. */
  readonly indexesMissing: number;
  /** The table that the rows go to until replay makes the table itself equal to it, which readers see unchanged so long. */
  readonly shadow: string | undefined;
}

interface StoredProgress {
  readonly table_name: string;
  readonly state: TableState;
  readonly paused: boolean;
  readonly error: string | null;
  readonly ranges: number;
  readonly ranges_done: number;
  readonly rows_done: number;
  readonly rows_under_way: number;
  readonly index_name: string | null;
  readonly index_phase: string | null;
  readonly index_fraction: number | null;
  readonly indexes_missing: number;
  readonly shadow: string | null;
}

interface Size {
  readonly bytes: number;
  readonly rows: number | null;
}

/** The tables that are not `ok`, in the order of the list. Sizes come from the provider as it is now. */
export async function copyProgress(
  { provider, subscriber }: { provider: Session; subscriber: Session },
  { queue, consumer }: SubscriptionName,
): Promise<CopyProgress[]> {
  const stored = await subscriber.query<StoredProgress>('select * from londiste.copy_progress($1, $2)', [
    queue,
    consumer,
  ]);
  const sizes = await sizesOf(
    provider,
    stored.map((row) => row.table_name),
  );
  return stored.map((row) => progressOf(row, sizes.get(row.table_name)));
}

async function sizesOf(provider: Session, tables: readonly string[]): Promise<Map<string, Size>> {
  if (tables.length === 0) return new Map();
  const rows = await provider.query<Size & { name: string }>(
    `select n as name, coalesce(sum(pg_table_size(c.oid)), 0)::bigint as bytes,
            case when min(c.reltuples) >= 0 then sum(c.reltuples)::float8 end as rows
       from unnest($1::text[]) as n
       left join pg_class c on c.relkind <> 'p' and (c.oid = to_regclass(n)
            or c.oid = any (londiste.members(to_regclass(n))))
      group by n`,
    [tables],
  );
  return new Map(rows.map(({ name, ...size }) => [name, size]));
}

function progressOf(row: StoredProgress, size: Size | undefined): CopyProgress {
  const rows = row.rows_done + row.rows_under_way;
  const rowsExpected = size?.rows === null || size?.rows === 0 ? undefined : size?.rows;
  return {
    table: row.table_name,
    state: row.state,
    isPaused: row.paused,
    error: row.error ?? undefined,
    fraction: fractionOf(row, rows, rowsExpected),
    rows,
    rowsExpected,
    bytesExpected: size?.bytes ?? 0,
    index:
      row.index_phase === null
        ? undefined
        : { name: row.index_name ?? '', phase: row.index_phase, fraction: row.index_fraction ?? undefined },
    indexesMissing: row.indexes_missing,
    shadow: row.shadow ?? undefined,
  };
}

function fractionOf(
  { state, ranges, ranges_done: done }: StoredProgress,
  rows: number,
  rowsExpected: number | undefined,
): number | undefined {
  if (state === 'wanted') return 0;
  if (state !== 'copying') return 1;
  // An estimate may be too low; only what has landed is sure to be all.
  if (rowsExpected !== undefined) return Math.min(0.99, rows / rowsExpected);
  return ranges > 1 ? done / ranges : undefined;
}
