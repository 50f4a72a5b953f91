-- The query that makes events out of one statement's transition tables, as the text that follows `insert into <event
-- table> (ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3)`. i_op is I, U or D.
--
-- Keys that are gone come first, then rows: "gone, then what is there" is always right in replay. Keys are compared as
-- text, because equal keys can have other bytes (numeric 1.0 and 1.00), and then the old bytes must go.
--
-- i_state null: the rows are the transition rows. That is wrong when something else has captured this table within the same
-- statement (a trigger that writes to it, a function that the statement calls): its later rows already have events with
-- lower ids. Then i_state is the expression of row_of_table: rows come from the table as it is now, for the new keys and
-- for those gone keys that have a row all the same. In REPEATABLE READ our queries also see rows that others have deleted since our
-- snapshot, beside the one that we have put in their place; the filter keeps those that this transaction has written.
--
-- i_whole: the layout is unknown, so a gone key goes as its whole old row and the reader takes the key out by name.
-- Aliases are always followed by a dot: `n` alone would be a column n where the table has one.
-- Called by: create_capture, unknown_layout_events. Locks: none.
create or replace function londiste.capture_query(
    i_op text, i_name text, i_layout text, i_key text[], i_whole boolean,
    i_table oid default null, i_state text default null, i_join text default null)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_labels text := format('%L::text, %L::text', i_name, i_layout);
    v_own constant text :=
        '(current_setting(''transaction_isolation'') in (''read committed'', ''read uncommitted'')'
        ' or t.xmin = pg_current_xact_id()::xid'
        ' or age(t.xmin) <= age(pg_snapshot_xmax(pg_current_snapshot())::xid))';
    v_parts text[] := '{}';
begin
    if i_op <> 'I' then
        v_parts := v_parts || case
            when i_whole then
                format('select now(), ''gone'', (o.*)::text, %s, ''old-row'' from oldtab o', v_labels)
            when i_op = 'D' then
                format('select now(), ''gone'', %s, %s, null from oldtab o', londiste.key_text('o', i_key), v_labels)
            else
                format('select now(), ''gone'', g.key, %s, ''old-key'' from '
                       '(select %s from oldtab o except select %s from newtab n) as g (key)',
                       v_labels, londiste.key_text('o', i_key), londiste.key_text('n', i_key))
        end;
    end if;
    if i_state is not null and i_op <> 'I' then
        v_parts := v_parts || concat(
            format('select now(), ''row:U'', %s::text, %s, null from only %s t join oldtab k on %s where %s',
                   i_state, v_labels, i_table::regclass, i_join, v_own),
            case when i_op = 'U' then
                format(' and %s not in (select %s from newtab n)',
                       londiste.key_text('k', i_key), londiste.key_text('n', i_key)) end);
    end if;
    if i_op <> 'D' then
        v_parts := v_parts || case
            when i_state is null then
                format('select now(), %L, (n.*)::text, %s, null from newtab n', 'row:' || i_op, v_labels)
            else
                format('select now(), %L, %s::text, %s, null from only %s t join newtab k on %s where %s',
                       'row:' || i_op, i_state, v_labels, i_table::regclass, i_join, v_own)
        end;
    end if;
    return array_to_string(v_parts, ' union all ');
end
$$;
