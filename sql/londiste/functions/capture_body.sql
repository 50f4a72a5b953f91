-- The body of a table's capture function for one kind of statement (i_op is I, U or D), fired for each statement, as text.
--
-- One query at its head does all of this at once, since each expression of PL/pgSQL costs a microsecond: it ends the
-- function for a statement that changed no row, it says which event table is current, whether another capture has run
-- within the statement, whether it changed one row only, and, by layout() folded into its plan, whether the table still
-- is what it was at generation. Then one static insert, planned once a session and without a variable in it, which would
-- make the server plan it again at each call: the short one of capture_short_query for nearly all statements of an
-- application. Static SQL is parsed when it is first reached, so text that an ALTER has made wrong never fails. When the
-- table is not known it is asked again outside of the plan, by what is not folded: a REPEATABLE READ transaction of this
-- session, or a COPY that waited for an ALTER, may have left its '?' in there.
--
-- Nested is told by a setting that holds the time of the client's statement, which is the same for all that runs
-- inside it, and is given back with a savepoint as the events are. A loop in a function looks nested too and takes
-- the state path without need, which is right as well, only slower.
--
-- What may fail for a row's sake runs in a savepoint of its own: a large row, a filter that raises, an unknown layout.
-- Called by: create_capture. Locks: none.
create or replace function londiste.capture_body(
    i_op text, i_table londiste.provider_table, i_event_tables integer)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_columns text[] := (londiste.table_layout(i_table.table_oid, i_table.replica_identity)).columns;
    v_has_key boolean := i_table.key_columns <> '{}';
    v_same text := londiste.key_same(i_table.table_oid, i_table.key_columns);
    -- Without a key there is nothing to ask the table for.
    v_state text := case when v_has_key then londiste.state_query(
        i_table.table_oid, v_columns, londiste.key_join(i_table.table_oid, i_table.replica_identity), i_table.row_filter,
        case when i_table.row_filter is null then londiste.large_row(i_table.table_oid, 't') end) end;
    v_from_statement text := londiste.capture_query(
        i_op, i_table.table_name, i_table.layout_id, i_table.key_columns, not v_has_key, null, v_same,
        i_table.replica_identity, i_table.row_filter);
    v_from_state text := londiste.capture_query(
        i_op, i_table.table_name, i_table.layout_id, i_table.key_columns, not v_has_key, v_state, v_same,
        i_table.replica_identity, i_table.row_filter);
    v_short record := londiste.capture_short_query(i_op, i_table, v_same);
    -- Never fewer than the new ones: a trigger of the partition that a row moves to may keep it out.
    v_rows text := case i_op when 'I' then 'newtab' else 'oldtab' end;
    v_large text := (
        select string_agg(format('exists (select from %s x where %s)', r.source, l.condition), ' or ')
          from (values ('newtab', i_op <> 'D'), ('oldtab', i_op <> 'I' and not v_has_key)) as r (source, is_carried)
          join londiste.large_row(i_table.table_oid, 'x') as l (condition) on l.condition is not null
         where r.is_carried);
    v_readable text := format('has_table_privilege(%s, ''select'') and not row_security_active(%1$s)', i_table.table_oid);
    v_insert text;
begin
    if v_has_key then
        v_insert := format(E'if nested and %s then\n            %s\n        else\n            %s\n        end if;', v_readable,
                           londiste.into_event_table(i_table.queue_id, i_event_tables, v_from_state),
                           londiste.into_event_table(i_table.queue_id, i_event_tables, v_from_statement));
    else
        v_insert := londiste.into_event_table(i_table.queue_id, i_event_tables, v_from_statement);
    end if;
    if i_table.row_filter is not null then
        v_insert := londiste.announce_lost(v_insert, i_table.queue_id, i_table.table_name);
    end if;
    return format($body$
#variable_conflict use_column
declare
    cur    integer;
    known  boolean;
    large  boolean := false;
    nested boolean;
    single boolean;
    events integer;
    names  text[];
    query  text;
begin
    select (select q.queue_cur_table from pgq.queue q where q.queue_id = %1$s), londiste.layout(%2$s, %3$L) = %4$L,
           current_setting(%7$L, true) is not distinct from set_config(%7$L, extract(epoch from statement_timestamp())::text, true),
           %11$s
      into cur, known, nested, single
      from %6$s limit 1;
    %12$s
    if cur is null then
        return null;
    end if;
    if not known then
        known := %8$s;
    end if;
    %5$s
    if known and not large then
        %9$s
    else
        %10$s
    end if;
    return null;
end
$body$,
        i_table.queue_id, i_table.table_oid, i_table.replica_identity, i_table.layout_signature,
        case when v_large is null then '' else format(E'if known then\n        large := %s;\n    end if;\n', v_large) end,
        v_rows,
        format('londiste.t%s_%s', i_table.queue_id, i_table.table_oid),
        format('londiste.current_layout(%s, %L) = %L', i_table.table_oid, i_table.replica_identity,
               i_table.layout_signature),
        v_insert,
        londiste.announce_lost(format($work$if known then
                query := case when nested and %1$s then %2$L else %3$L end;
            else
                %4$s into names;
                query := londiste.unknown_layout_events(%5$L, %6$s, %7$L, names, %8$L, nested, %9$L, %10$L);
            end if;
            execute format(%11$L, cur) || query;$work$,
            v_readable, v_from_state, v_from_statement, londiste.column_names(v_rows), i_op, i_table.table_oid,
            i_table.table_name, i_table.key_columns, i_table.replica_identity, i_table.row_filter,
            londiste.event_insert(i_table.queue_id)),
            i_table.queue_id, i_table.table_name),
        case when v_short.single then format('not exists (select from %s offset 1)', v_rows) else 'true' end,
        case when v_short.query is not null then
            format(E'if known and single and not nested and cur is not null then\n        %s\n        %s\n    end if;\n',
                   londiste.into_event_table(i_table.queue_id, i_event_tables, v_short.query),
                   case when v_short.single then E'get diagnostics events = row_count;\n        if events > 0 then return null; end if;' else 'return null;' end) end);
end
$$;
