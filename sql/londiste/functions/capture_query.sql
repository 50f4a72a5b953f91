-- The query that makes events out of one statement's transition tables, as the text that follows `insert into
-- <event table> (ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3)`. i_op is I, U or D.
--
-- Keys that are gone come first, then rows: "gone, then what is there" is always right in replay. Keys are compared
-- by their bytes (i_same, of key_same): equal keys can have others (numeric 1.0 and 1.00), and then the old bytes must go.
--
-- Without i_state the rows are the transition rows. That is wrong when something else has captured this table
-- within the same statement (a trigger that writes to it, a function that the statement calls): its later rows
-- already have events with lower ids. With i_state, of state_query, rows are what the table holds now, for the new
-- keys and for those gone keys that have a row all the same.
--
-- i_whole: the layout is unknown, so a gone key goes as its whole old row and the reader takes the key out by name.
-- Aliases are always followed by a dot: `n` alone would be a column n where the table has one.
-- Called by: capture_body, unknown_layout_events. Locks: none.
create or replace function londiste.capture_query(
    i_op text, i_name text, i_layout text, i_key text[], i_whole boolean, i_state text default null,
    i_same text default null)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_labels text := format('%L::text, %L::text', i_name, i_layout);
    v_old text := londiste.key_list('o', i_key);
    v_new text := londiste.key_list('n', i_key);
    v_c text := (select string_agg('c' || n, ', ') from generate_series(1, cardinality(i_key)) as n);
    -- Old keys that no new row has. A join, which a large statement spills to disk; EXCEPT would keep all keys in memory.
    v_given_up text := 'oldtab o where not exists (select from newtab n where '
                       || coalesce(i_same, londiste.key_same(null, i_key)) || ')';
    v_parts text[] := '{}';
begin
    if i_op <> 'I' then
        v_parts := v_parts || case
            when i_whole then
                format('select now(), ''gone'', (o.*)::text, %s, ''old-row'' from oldtab o', v_labels)
            when i_op = 'D' then
                format('select now(), ''gone'', row(%s)::text, %s, null from oldtab o', v_old, v_labels)
            else
                format('select now(), ''gone'', row(%s)::text, %s, ''old-key'' from %s', v_old, v_labels, v_given_up)
        end;
    end if;
    if i_op <> 'I' and i_state is not null then
        v_parts := v_parts || format(
            'select now(), ''row:U'', s.data, %s, null from (select %s from %s) as k (%s) cross join lateral (%s) as s (data)',
            v_labels, v_old, case i_op when 'D' then 'oldtab o' else v_given_up end, v_c, i_state);
    end if;
    if i_op <> 'D' then
        v_parts := v_parts || case
            when i_state is null then
                format('select now(), %L, (n.*)::text, %s, null from newtab n', 'row:' || i_op, v_labels)
            else
                format('select now(), %L, s.data, %s, null from (select %s from newtab n) as k (%s)'
                       ' cross join lateral (%s) as s (data)', 'row:' || i_op, v_labels, v_new, v_c, i_state)
        end;
    end if;
    return array_to_string(v_parts, ' union all ');
end
$$;
