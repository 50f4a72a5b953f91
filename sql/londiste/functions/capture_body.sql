-- The body of a table's capture function for inserts, updates, deletes or TRUNCATE (i_op is I, U, D or R), as text.
--
-- One query at its head does three things at once: it ends the function for a statement that changed no row, it
-- says which event table is current, and, by layout() folded into its plan, whether the table still is what it was
-- at generation. Then one static insert, planned once a session and without a variable in it, which would make the
-- server plan it again at each call. Static SQL is parsed when it is first reached, so text that an ALTER has made
-- wrong never fails. When the table is not known it is asked again outside of the plan: a REPEATABLE READ
-- transaction of this session may have left its '?' in there.
--
-- Nested is told by a setting that holds the time of the client's statement, which is the same for all that runs
-- inside it, and is given back with a savepoint as the events are. A loop in a function looks nested too and takes
-- the state path without need, which is right as well, only slower.
-- Called by: create_capture. Locks: none.
create or replace function londiste.capture_body(
    i_op text, i_table londiste.provider_table, i_event_tables integer)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_columns text[] := (londiste.table_layout(i_table.table_oid)).columns;
    v_state text := londiste.state_query(i_table.table_oid, v_columns, londiste.key_join(i_table.table_oid));
    v_same text := londiste.key_same(i_table.table_oid, i_table.key_columns);
    v_from_state text := londiste.capture_query(
        i_op, i_table.table_name, i_table.layout_id, i_table.key_columns, false, v_state, v_same);
    v_from_statement text := londiste.capture_query(
        i_op, i_table.table_name, i_table.layout_id, i_table.key_columns, false, null, v_same);
begin
    if i_op = 'R' then
        return format('begin perform londiste.capture_truncate(%s, %s, %L, %L, %L, %L); return null; end',
                      i_table.queue_id, i_table.table_oid, i_table.table_name, i_table.layout_id,
                      i_table.layout_signature, londiste.row_of_table(i_table.table_oid, v_columns));
    end if;
    return format($body$
declare
    cur    integer;
    known  boolean;
    nested boolean;
    names  text[];
    stamp  text := extract(epoch from statement_timestamp())::text;
begin
    select (select q.queue_cur_table from pgq.queue q where q.queue_id = %1$s), londiste.layout(%2$s) = %3$L
      into cur, known
      from %4$s limit 1;
    if not found or cur is null then
        return null;
    end if;
    nested := current_setting(%5$L, true) is not distinct from stamp;
    if not nested then
        stamp := set_config(%5$L, stamp, true);
    end if;

    if not known then
        execute %11$L into known;
    end if;

    if not known then
        select array(select json_object_keys((select row_to_json(x.*) from %4$s x limit 1))) into names;
        execute format('insert into pgq.event_%1$s_%%s '
                       '(ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3) ', cur)
                || londiste.unknown_layout_events(%6$L, %2$s, %7$L, names, %8$L, nested);
    elsif nested and has_table_privilege(%2$s, 'select') and not row_security_active(%2$s) then
        %9$s
    else
        %10$s
    end if;
    return null;
end
$body$,
        i_table.queue_id, i_table.table_oid, i_table.layout_signature,
        case i_op when 'D' then 'oldtab' else 'newtab' end,
        format('londiste.t%s_%s', i_table.queue_id, i_table.table_oid),
        i_op, i_table.table_name, i_table.key_columns,
        londiste.into_event_table(i_table.queue_id, i_event_tables, v_from_state),
        londiste.into_event_table(i_table.queue_id, i_event_tables, v_from_statement),
        format('select londiste.layout(%s) = %L', i_table.table_oid, i_table.layout_signature));
end
$$;
