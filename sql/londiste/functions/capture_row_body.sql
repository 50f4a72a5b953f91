-- The body of a table's capture function for one kind of statement (i_op is I, U or D), fired for each row, as text. Its
-- trigger fires only while the table is what it was at generation; create_capture_triggers says how.
--
-- A row that has an event of its own to come may have been written again before its trigger fires, by a trigger or a
-- function of the same statement: that one's event has a lower id. So the row is looked at: as long as the version that the
-- trigger was given still stands, that is the row; else, and where the key changed or is gone, what the table holds now
-- for the key decides, as in the nested path of capture_body. Without a key (replica identity full) events are rows that come
-- and go, and their order means nothing.
-- Called by: create_capture. Locks: none.
create or replace function londiste.capture_row_body(
    i_op text, i_table londiste.provider_table, i_event_tables integer)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_oid oid := i_table.table_oid;
    v_columns text[] := (londiste.table_layout(v_oid, i_table.replica_identity)).columns;
    v_has_key boolean := i_table.key_columns <> '{}';
    v_same text := londiste.key_same(v_oid, i_table.key_columns);
    v_join text := londiste.key_join(v_oid, i_table.replica_identity);
    v_state text := londiste.state_query(
        v_oid, v_columns, v_join, i_table.row_filter,
        case when i_table.row_filter is null then londiste.large_row(v_oid, 't') end);
    v_c text := (select string_agg('c' || n, ', ') from generate_series(1, cardinality(i_table.key_columns)) as n);
    v_is_partitioned boolean := (select c.relkind = 'p' from pg_class c where c.oid = v_oid);
    -- The conditions under which the table must be asked, each of them a query.
    v_other_key text := format('exists (select from (select old.*) o, (select new.*) n where not (%s))', v_same);
    v_replaced text;
    v_there text;
    v_insert text;
    v_guarded text;
    v_large text := (
        select string_agg(londiste.large_row(v_oid, r.source), ' or ')
          from (values ('new', i_op <> 'D'), ('old', i_op <> 'I' and not v_has_key)) as r (source, is_carried)
         where r.is_carried);
begin
    -- A version of a partitioned table's row is looked for by its key: an address alone would be looked up in each partition.
    v_replaced := format(case when v_is_partitioned
        then 'not exists (select from (select %1$s) as k (%2$s) cross join lateral'
             ' (select from %3$s t where %4$s and t.tableoid = tg_relid and t.ctid = new.ctid offset 0) s)'
        else 'not exists (select from %3$s t where t.ctid = new.ctid)' end,
        londiste.key_list('new', i_table.key_columns), v_c, londiste.own_rows(v_oid), v_join);
    v_there := format('exists (select from (select %s) as k (%s) cross join lateral (%s) s)',
                      londiste.key_list('old', i_table.key_columns), v_c, v_state);

    v_insert := londiste.capture_row_insert(i_op, i_table, i_event_tables);
    if v_has_key then
        v_insert := format($body$if has_table_privilege(%1$s, 'select') and not row_security_active(%1$s) then
            asks := %2$s;
        end if;
        if asks then
            %3$s
        else
            %4$s
        end if;$body$,
            v_oid,
            case i_op when 'I' then v_replaced when 'U' then v_other_key || ' or ' || v_replaced else v_there end,
            londiste.capture_row_insert(i_op, i_table, i_event_tables, v_state),
            v_insert);
    end if;
    v_guarded := londiste.announce_lost(v_insert, i_table.queue_id, i_table.table_name);
    if i_table.row_filter is not null then
        v_insert := v_guarded;
    elsif v_large is not null then
        v_insert := format(E'if %s then\n        %s\n    else\n        %s\n    end if;', v_large, v_guarded, v_insert);
    end if;
    return format($body$
#variable_conflict use_column
declare
    cur  integer := (select q.queue_cur_table from pgq.queue q where q.queue_id = %1$s);
    asks boolean := false;
begin
    if cur is null then
        return null;
    end if;
    %2$s
    return null;
end
$body$,
        i_table.queue_id, v_insert);
end
$$;
