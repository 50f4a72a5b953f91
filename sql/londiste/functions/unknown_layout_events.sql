-- The capture_query of a statement on a table whose layout is not the generated one: an ALTER has run and
-- maintenance has not regenerated the capture functions yet. i_columns are the names as the transition tables have
-- them, which is the truth for this transaction; the catalogue is, only in READ COMMITTED. i_key is the key of
-- generation time; the rest is as in capture_query.
--
-- Where the key can no longer be found the transition rows have to do even for a nested statement: then whoever
-- reads the events cannot find the key in them either and parks the table.
-- Called by: capture functions. Locks: none.
create or replace function londiste.unknown_layout_events(
    i_op text, i_table oid, i_name text, i_columns text[], i_key text[], i_nested boolean,
    i_identity text default 'default', i_filter text default null,
    i_old text default 'oldtab', i_new text default 'newtab')
returns text language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_layout text := londiste.note_layout(i_columns);
    v_key text[];
    v_join text;
begin
    if i_nested and i_key <> '{}' and londiste.can_read(i_table) then
        if current_setting('transaction_isolation') in ('read committed', 'read uncommitted') then
            v_key := (londiste.table_key(i_table, i_identity)).key_columns;
            v_join := londiste.key_join(i_table, i_identity);
        elsif i_key <@ i_columns then
            -- As text: types may be others than the catalogue shows to this snapshot, and every type has a text.
            v_key := i_key;
            v_join := (select string_agg(format('t.%I::text = k.c%s::text', c.name, c.ord), ' and ')
                         from unnest(i_key) with ordinality as c (name, ord));
        end if;
    end if;
    return londiste.capture_query(
        i_op, i_name, v_layout, v_key, true,
        case when v_key is not null then londiste.state_query(i_table, i_columns, v_join, i_filter) end,
        i_identity => i_identity, i_filter => i_filter, i_old => i_old, i_new => i_new);
end
$$;
