-- The capture_query of a statement on a table whose layout is not the generated one: an ALTER has run and
-- maintenance has not regenerated the capture functions yet. i_columns are the names as the transition tables have
-- them, which is the truth for this transaction; the catalogue is, only in READ COMMITTED. i_key is the key of
-- generation time; the rest is as in capture_query.
--
-- Where the catalogue shows an older table than there is, keys are compared as text, which every type has; no index
-- serves that, and what a SERIALIZABLE transaction looks through, nobody else may write to. So not where the key has
-- the types that the catalogue shows.
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
    v_is_shown boolean := current_setting('transaction_isolation') in ('read committed', 'read uncommitted');
begin
    if i_nested and i_key <> '{}' and londiste.can_read(i_table) then
        v_key := (londiste.table_key(i_table, i_identity)).key_columns;
        if not v_is_shown and v_key <@ i_columns then
            -- What the server itself takes the columns for; no row is read.
            execute (
                select format('select %s from (select) d left join %s t on false',
                              string_agg(format('pg_typeof(t.%I)::oid = %s', a.attname, a.atttypid), ' and '),
                              londiste.own_rows(i_table))
                  from pg_attribute a where a.attrelid = i_table and a.attname = any (v_key))
               into v_is_shown;
        end if;
        if v_is_shown then
            v_join := londiste.key_join(i_table, i_identity);
        elsif i_key <@ i_columns then
            v_key := i_key;
            v_join := (select string_agg(format('t.%I::text = k.c%s::text', c.name, c.ord), ' and ')
                         from unnest(i_key) with ordinality as c (name, ord));
        else
            v_key := null;
        end if;
    end if;
    return londiste.capture_query(
        i_op, i_name, v_layout, v_key, true,
        case when v_key is not null then londiste.state_query(i_table, i_columns, v_join, i_filter) end,
        i_identity => i_identity, i_filter => i_filter, i_old => i_old, i_new => i_new);
end
$$;
