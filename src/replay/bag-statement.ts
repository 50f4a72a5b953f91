import type { RowSource } from './statement.js';
import type { RowMapping, Target } from './target.js';

/**
 * The statements that change a table without a key. Rows are equal when their text is, since not every type has an
 * equality (json has none); what an event says goes through the columns' types first, so that both texts are the
 * subscriber's own, whatever its types make of a value. The table is read as a whole, once for all rows.
 */

/** Rows that are to go, and rows beside the table that may be meant as well. */
export interface BagChanges {
  readonly gone: RowSource | undefined;
  /** Only from here may copies be inserted: a staging table. */
  readonly waiting?: RowSource | undefined;
}

/**
 * Deletes of each row as many copies as the changes say, one of twins and not all. Returns how many copies were `wanted`,
 * how many of them `found` and how many `deleted`.
 */
export function deleteCopies(target: Target, mapping: RowMapping, changes: BagChanges): string {
  // One partition's rows may have the places of another's.
  const which = target.isPartitioned
    ? 'using chosen as c where t.tableoid = c.part and t.ctid = c.place'
    : 'where t.ctid = any (array(select c.place from chosen as c))';
  return `with wanted as materialized (${netCopies(mapping, changes, -1)}),
    chosen as materialized (
      select f.part, f.place
        from (select t.tableoid as part, t.ctid as place, w.n,
                     row_number() over (partition by w.image) as nr
                from ${target.rows} as t join wanted as w on w.image = ${imageOf('t', mapping)}) as f
       where f.nr <= f.n),
    deleted as (delete from ${target.rows} as t ${which} returning 1)
    select (select coalesce(sum(w.n), 0)::bigint from wanted as w) as wanted,
           (select count(*) from chosen) as found, (select count(*) from deleted) as deleted`;
}

/** Inserts the copies that wait and are not gone again. Returns how many were `wanted` and how many `inserted`. */
export function insertCopies(
  target: Target,
  mapping: RowMapping,
  changes: BagChanges & { readonly waiting: RowSource },
): string {
  const { columns } = mapping.inserted;
  // Columns go by number here: any name may be one of the table's.
  const numbered = columns.map((column, n) => `r.${column} as c${n}`).join(', ');
  const chosen = columns.map((_, n) => `x.c${n}`).join(', ');
  return `with wanted as materialized (${netCopies(mapping, changes, 1)}),
    inserted as (
      insert into ${target.name} (${columns.join(', ')}) overriding system value
      select ${chosen}
        from (select ${numbered}, w.n, row_number() over (partition by w.image) as nr
                from ${changes.waiting.sql} join wanted as w on w.image = ${imageOf('r', mapping)}) as x
       where x.nr <= x.n
      returning 1)
    select (select coalesce(sum(w.n), 0)::bigint from wanted as w) as wanted,
           (select count(*) from inserted) as inserted`;
}

/** Of which rows there are more copies (`sign` 1) or fewer (-1), and by how many. */
function netCopies(mapping: RowMapping, { gone, waiting }: BagChanges, sign: 1 | -1): string {
  const parts = [
    { source: gone, by: -sign },
    { source: waiting, by: sign },
  ].flatMap(({ source, by }) =>
    source === undefined ? [] : [`select ${imageOf('r', mapping)} as image, ${by} as n from ${source.sql}`],
  );
  return `select p.image, sum(p.n) as n from (${parts.join(' union all ')}) as p group by p.image having sum(p.n) > 0`;
}

/** A generated column says nothing of its own, and may be computed in another way here. */
function imageOf(alias: string, { inserted }: RowMapping): string {
  return `row(${inserted.columns.map((column) => `${alias}.${column}`).join(', ')})::text collate "C"`;
}
