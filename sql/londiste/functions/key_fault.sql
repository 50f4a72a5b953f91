-- Why the rows of a table cannot be known by a key, and the statement that mends it: of the index that i_identity ('index NAME')
-- names or, with 'default', of each of its unique indexes, the easiest to mend first. Where there is no index to speak
-- of, reason is null for 'default'. i_name is how the table is typed.
-- Called by: check_capturable and capture_problems, where table_key finds none. Locks: none.
create or replace function londiste.key_fault(
    i_table oid, i_name text, i_identity text, out reason text, out fix text)
returns record language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_named text := case when i_identity like 'index %' then substr(i_identity, 7) end;
begin
    with candidate as (
        select x.*, c.relname, coalesce(k.conname, c.relname) as conname, w.indrelid::regclass as altered,
               regexp_replace(pg_get_constraintdef(k.oid), ' DEFERRABLE( INITIALLY DEFERRED)?', '') as immediate
          from pg_index x
          join pg_class c on c.oid = x.indexrelid
          -- The constraint of a partition is altered with that of the whole.
          join pg_index w on w.indexrelid = coalesce(pg_partition_root(x.indexrelid), x.indexrelid)
          left join pg_constraint k
            on k.conindid = w.indexrelid and k.conrelid = w.indrelid and k.contype in ('p', 'u', 'x')
         where x.indrelid = i_table
           and case when v_named is null then x.indisunique else c.relname = v_named end),
    fault as (
        -- Of each index the first fault says what mends it, if anything does.
        select i.relname, string_agg(r.reason, ', ' order by r.ord) as reasons,
               (array_agg(r.rank order by r.ord))[1] as rank, (array_agg(r.fix order by r.ord))[1] as fix
          from candidate i
          cross join lateral (
            select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns,
                   string_agg(case when n.conname is null then format('alter column %I set not null', a.attname)
                                   else format('validate constraint %I', n.conname) end, ', ' order by a.attnum) as fix
              from pg_attribute a
              left join pg_constraint n
                on n.conrelid = i_table and n.contype = 'n' and not n.convalidated and n.conkey = array[a.attnum]
             where a.attrelid = i_table and a.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
               and (not a.attnotnull or n.conname is not null)) as nullable
          left join lateral (
            -- Instead of an index that was named; where none was, a key over whatever columns will do.
            select format('create unique index NAME on %s (%s)', i_name, case when i.indexprs is null then (
                       select string_agg(quote_ident(a.attname), ', ' order by array_position(i.indkey::smallint[], a.attnum))
                         from pg_attribute a
                        where a.attrelid = i_table and a.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
                       else 'COLUMN' end)
                   || coalesce(format(', and alter table %s %s', i_name, nullable.fix), '')
                   || format(', then londiste CONFIG provider add %s --key NAME', i_name)
             where v_named is not null) as other (fix)
            on true
          cross join lateral (values
            (1, not i.indisunique, 3, format('index %I is not unique', i.relname), other.fix),
            (2, i.indisexclusion, 3, format('constraint %I keeps rows from overlapping, not from being equal', i.conname),
             other.fix),
            (3, i.indexprs is not null, 3, format('index %I is over an expression', i.relname), other.fix),
            (4, i.indpred is not null, 3, format('index %I has a condition', i.relname), other.fix),
            (5, not i.indimmediate, case when i.indisprimary then 0 else 1 end,
             format('constraint %I is deferrable, so two rows may share a key for a moment', i.conname),
             format('alter table %s drop constraint %I, add constraint %2$I %s', i.altered, i.conname, i.immediate)
             || coalesce(', ' || nullable.fix, '')),
            (6, nullable.columns is not null, 1,
             format('%s %s of index %I may be NULL', case when nullable.columns like '%,%' then 'columns' else 'column' end,
                    nullable.columns, i.relname),
             format('alter table %s %s', i_name, nullable.fix)),
            (7, not i.indisvalid, 2, format('index %I is not valid', i.relname),
             format('reindex index %s', i.indexrelid::regclass))) as r (ord, applies, rank, reason, fix)
         where r.applies
         group by i.relname)
    select string_agg(f.reasons, '; ' order by f.rank, f.relname), (array_agg(f.fix order by f.rank, f.relname))[1]
      into reason, fix
      from fault f;

    if v_named is not null and reason is null then
        reason := 'it has no such index';
        fix := format('create unique index %I on %s (COLUMN), and alter table %2$s alter COLUMN set not null', v_named, i_name);
    elsif fix is null then
        fix := format(case when exists (select from pg_index x where x.indrelid = i_table and x.indisprimary)
                           then 'create unique index on %s (COLUMN) over columns that are NOT NULL'
                           else 'alter table %s add primary key (COLUMN)' end, i_name);
    end if;
end
$$;
