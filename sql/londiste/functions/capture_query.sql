-- The query that makes events out of the rows that a statement has taken away (i_old) and put there (i_new), as the text
-- that follows `insert into <event table> (ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3)`. i_op is I, U
-- or D, i_old_row and i_new_row the text of a row o or n.
--
-- Keys that are gone come first, then rows: "gone, then what is there" is always right in replay. Keys are compared
-- by their bytes (i_same, of key_same): equal keys can have others (numeric 1.0 and 1.00), and then the old bytes must go.
--
-- Without i_state the rows are those of i_new. That is wrong when something else has captured this table
-- within the same statement (a trigger that writes to it, a function that the statement calls): its later rows
-- already have events with lower ids. With i_state, of state_query, rows are what the table holds now, for the new
-- keys and for those gone keys that have a row all the same. Where a row has no key (replica identity full), events are
-- rows that come and rows that go, whose order means nothing.
--
-- i_whole: a gone row goes as it was; where the layout is unknown the reader takes the key out by name.
-- A row that begins to fit i_filter is new to the subscriber, one that ceases to is gone.
-- Aliases are always followed by a dot: `n` alone would be a column n where the table has one. The columns in i_filter
-- have no alias: in each subquery they are those of its own table.
-- Called by: capture_body, capture_row_body, unknown_layout_events. Locks: none.
create or replace function londiste.capture_query(
    i_op text, i_name text, i_layout text, i_key text[], i_whole boolean, i_state text default null,
    i_same text default null, i_identity text default 'default', i_filter text default null,
    i_old text default 'oldtab', i_new text default 'newtab',
    i_old_row text default '(o.*)::text', i_new_row text default '(n.*)::text')
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_labels text := format('%L::text, %L::text', i_name, i_layout);
    v_key_of_old text := londiste.key_list('o', i_key);
    v_key_of_new text := londiste.key_list('n', i_key);
    v_c text := (select string_agg('c' || n, ', ') from generate_series(1, cardinality(i_key)) as n);
    v_same text := coalesce(i_same, londiste.key_same(null, i_key));
    v_and_fits text := coalesce(' and (' || i_filter || ')', '');
    v_old text := format('%s o where true%s', i_old, v_and_fits);
    v_new text := format('%s n where true%s', i_new, v_and_fits);
    -- Old keys that no new row has. A join, which a large statement spills to disk; EXCEPT would keep all keys in memory.
    v_given_up text := format('%s and not exists (select from %s n where %s%s)', v_old, i_new, v_same, v_and_fits);
    v_type text := quote_literal('row:' || i_op);
    v_parts text[] := '{}';
begin
    if i_op <> 'I' and i_identity = 'nothing' then
        v_parts := v_parts || format('(select now(), ''no-image'', %L, %L::text, null, null from %s limit 1)',
                      case i_op when 'U' then 'an UPDATE' else 'a DELETE' end || ' of a table that was added with --insert-only',
                      i_name, v_old);
        -- Rows that begin to fit have come, as far as the subscriber can tell.
        if i_op = 'U' and i_filter is not null then
            v_parts := v_parts || format('select now(), ''row:I'', %s, %s, null from %s and not exists (select from %s)',
                                         i_new_row, v_labels, v_new, v_old);
        end if;
        return array_to_string(v_parts, ' union all ');
    end if;
    if i_op = 'U' and i_filter is not null and not i_whole then
        v_type := format('case when exists (select from %s o where %s%s) then ''row:U'' else ''row:I'' end',
                         i_old, v_same, v_and_fits);
    end if;

    if i_op <> 'I' then
        v_parts := v_parts || case
            when i_whole then
                format('select now(), ''gone'', %s, %s, ''old-row'' from %s', i_old_row, v_labels, v_old)
            when i_op = 'D' then
                format('select now(), ''gone'', row(%s)::text, %s, null from %s', v_key_of_old, v_labels, v_old)
            else
                format('select now(), ''gone'', row(%s)::text, %s, ''old-key'' from %s', v_key_of_old, v_labels, v_given_up)
        end;
    end if;
    if i_op <> 'I' and i_state is not null then
        v_parts := v_parts || format(
            'select now(), ''row:U'', s.data, %s, null from (select %s from %s) as k (%s) cross join lateral (%s) as s (data)',
            v_labels, v_key_of_old, case i_op when 'D' then v_old else v_given_up end, v_c, i_state);
    end if;
    if i_op <> 'D' then
        v_parts := v_parts || case
            when i_state is null then
                format('select now(), %s, %s, %s, null from %s', v_type, i_new_row, v_labels, v_new)
            else
                format('select now(), %L, s.data, %s, null from (select %s from %s n) as k (%s)'
                       ' cross join lateral (%s) as s (data)', 'row:' || i_op, v_labels, v_key_of_new, i_new, v_c, i_state)
        end;
    end if;
    return array_to_string(v_parts, ' union all ');
end
$$;
