-- A row filter that somebody has typed, as it is kept: with every name qualified. Raises when it is no condition that a row
-- alone decides: an index over a table of the same columns takes just those.
-- Called by: provider_add_table, under the lock of the set's list. Locks: none that last.
create or replace function londiste.check_filter(i_table oid, i_name text, i_filter text)
returns text language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_kept text;
    v_virtual text;
begin
    execute format('create table londiste.row_filter_check (like %s)', i_table::regclass);
    begin
        execute format('create index row_filter_check_idx on londiste.row_filter_check ((1)) where (%s)', i_filter);
    exception when others then
        raise exception 'table % cannot be filtered by (%): %', i_name, i_filter, sqlerrm
            using errcode = 'invalid_object_definition',
                  hint = 'give a condition of immutable functions over columns of this table, functions of your own with their schema';
    end;
    select pg_get_expr(i.indpred, i.indrelid),
           (select min(a.attname) from pg_depend d
              join pg_attribute c on c.attrelid = i.indrelid and c.attnum = d.refobjsubid
              join pg_attribute a on a.attrelid = i_table and a.attname = c.attname and a.attgenerated = 'v'
             where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refobjid = i.indrelid)
      into v_kept, v_virtual
      from pg_index i where i.indexrelid = 'londiste.row_filter_check_idx'::regclass;
    drop table londiste.row_filter_check;
    if v_virtual is not null then
        raise exception 'table % cannot be filtered by column %, which is virtual: triggers do not see its value', i_name, v_virtual
            using errcode = 'feature_not_supported', hint = 'write its expression instead of its name';
    end if;
    return v_kept;
end
$$;
