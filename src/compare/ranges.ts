import { listed } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { typeNames } from '../db/type-names.js';
import { fieldValue, splitRecord } from '../event/record.js';
import { namesHere } from '../londiste/column-list.js';
import type { Subject } from './subject.js';

/**
 * A part of a table that both sides tell apart in the same way: rows whose key lies between two values (all when neither is given),
 * or rows in some of `of` slices by a hash of the key.
 */
export type Range =
  | {
      readonly kind: 'keys';
      readonly from?: readonly string[] | undefined;
      readonly to?: readonly string[] | undefined;
      /** The types of the key's columns. */
      readonly types: readonly string[];
    }
  | { readonly kind: 'slices'; readonly of: number; readonly numbers: readonly number[] };

/** Types whose order depends on nothing that could be different on another server. */
const ordered = typeNames(
  `smallint|integer|bigint|numeric|real|double precision|oid|uuid|date|timestamp without time zone|timestamp with time zone|bytea|boolean|inet|cidr|macaddr`,
);

/** Texts, whose order is that of their bytes where their collation says so. */
const texts = new Set(['text', 'character varying']);

export interface RangeSizes {
  /** Rows of a range that an index finds. */
  readonly keys: number;
  /** Rows of a slice: each costs reading the table through. */
  readonly slices: number;
}

export const rangeSizes: RangeSizes = { keys: 500_000, slices: 5_000_000 };

/** Blocks that are read to find where to cut. */
const sampledBlocks = 600;

/** Cuts a table into ranges of about so many rows; `sample` of them (0 to 1) when not all are wanted. */
export async function planRanges(
  { provider, subscriber }: { provider: Session; subscriber: Session },
  subject: Subject,
  { sizes = rangeSizes, sample }: { sizes?: RangeSizes | undefined; sample?: number | undefined } = {},
): Promise<Range[]> {
  const { only, shape } = subject.sides.provider;
  const { rows, blocks } = await sizeOf(provider, shape.oid);
  if (!(await isOrdered(provider, subscriber, subject))) return slices(rows, sizes.slices, sample);

  const types = subject.key.map(
    (name) => shape.columns.find((column) => column.name === name)?.base_type ?? 'text',
  );
  const perRange =
    sample === undefined ? sizes.keys : Math.min(sizes.keys, Math.max(leastSampled, rows / mostSampled));
  const count = Math.ceil(rows / perRange);
  if (count <= 1) return [{ kind: 'keys', types }];
  const bounds = await cut(provider, { only, key: subject.key, count, blocks });
  const ranges = [...bounds, undefined].map((to, n): Range => ({
    kind: 'keys',
    from: bounds[n - 1],
    to,
    types,
  }));
  return sample === undefined ? ranges : pick(ranges, sample);
}

/** A sample is taken of so many ranges, where they have so many rows then. */
const mostSampled = 200;
const leastSampled = 1_000;

function slices(rows: number, perSlice: number, sample: number | undefined): Range[] {
  if (sample !== undefined) {
    const all = Array.from({ length: mostSampled }, (_, n) => n);
    return [{ kind: 'slices', of: mostSampled, numbers: pick(all, sample) }];
  }
  const of = Math.max(1, Math.ceil(rows / perSlice));
  if (of === 1) return [{ kind: 'keys', types: [] }];
  return Array.from({ length: of }, (_, n): Range => ({ kind: 'slices', of, numbers: [n] }));
}

/** A random part of what is there, at least one. */
function pick<T>(all: readonly T[], part: number): T[] {
  const left = [...all];
  const wanted = Math.max(1, Math.round(all.length * part));
  const picked: T[] = [];
  while (picked.length < wanted && left.length > 0)
    picked.push(...left.splice(Math.floor(Math.random() * left.length), 1));
  return picked;
}

/** About how many rows there are, partitions included: as the server last counted, else by what is on disk. */
async function sizeOf(session: Session, oid: number): Promise<{ rows: number; blocks: number }> {
  return session.one<{ rows: number; blocks: number }>(
    `select coalesce(sum(case when c.reltuples >= 0 and c.relpages > 0 then c.reltuples / c.relpages else 60 end * p.pages), 0)::float8 as rows,
            coalesce(sum(p.pages), 0)::float8 as blocks
       from (select $1::oid as oid union select relid from pg_partition_tree($1::oid)) t
       join pg_class c on c.oid = t.oid and c.relkind = 'r'
      cross join lateral (select pg_relation_size(c.oid) / current_setting('block_size')::integer as pages) p`,
    [oid],
  );
}

/** Keys that cut the table into about `count` equal parts, found among the rows of some blocks. */
async function cut(
  session: Session,
  { only, key, count, blocks }: { only: string; key: readonly string[]; count: number; blocks: number },
): Promise<string[][]> {
  const percent = Math.min(100, (100 * Math.max(sampledBlocks, count * 4)) / Math.max(1, blocks));
  const columns = listed(key);
  const found = await session.query<{ key: string }>(
    `select key
       from (select row(${columns})::text as key, row_number() over w as nr, count(*) over () as rows
               from ${only} tablesample system (${percent})
             window w as (order by ${columns})) s
      where nr > 1 and nr * ${count} / rows <> (nr - 1) * ${count} / rows
      order by nr`,
  );
  return found.map((row) => splitRecord(row.key).map((field) => fieldValue(field) ?? ''));
}

/** Whether both sides put keys in the same order. */
async function isOrdered(provider: Session, subscriber: Session, subject: Subject): Promise<boolean> {
  const { key, sides } = subject;
  if (key.length === 0) return false;
  const names = namesHere(key, subject.destination);
  const { provider: there, subscriber: here } = sides;
  const byBytes = [
    await byteOrdered(provider, there.shape.oid),
    await byteOrdered(subscriber, here.shape.oid),
  ] as const;
  return key.every((name, n) => {
    const from = there.shape.columns.find((column) => column.name === name);
    const to = here.shape.columns.find((column) => column.name === names[n]);
    if (from === undefined || to === undefined || from.base_type !== to.base_type) return false;
    if (ordered.has(from.base_type)) return true;
    return texts.has(from.base_type) && byBytes[0].has(from.name) && byBytes[1].has(to.name);
  });
}

/** The columns of a table whose texts are in the order of their characters' numbers: of their bytes, in UTF-8. */
async function byteOrdered(session: Session, oid: number): Promise<Set<string>> {
  const rows = await session.query<{ name: string }>(
    `select a.attname as name
       from pg_attribute a join pg_collation c on c.oid = a.attcollation, pg_database d
      where current_setting('server_encoding') in ('UTF8', 'SQL_ASCII', 'LATIN1') and a.attrelid = $1 and a.attnum > 0 and d.datname = current_database()
        and case when c.collname = 'default' and c.collnamespace = 'pg_catalog'::regnamespace
                 then d.datcollate in ('C', 'POSIX') and coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'
                 else c.collname in ('C', 'POSIX') and c.collnamespace = 'pg_catalog'::regnamespace end`,
    [oid],
  );
  return new Set(rows.map(({ name }) => name));
}
