-- Reads what pgq.trigger_layout() returns; see there for the argument. Volatile, so that it has a snapshot of its own:
-- what was altered after the statement began counts.
--
-- Names and types come from the server's caches, which know the table as it is even where the transaction's snapshot is
-- older. Its key must be read from the catalogue: `settled` says whether what was read there can be relied on later.
create or replace function pgq.read_trigger_layout(i_trigger text[]) returns pgq.trigger_layout
language plpgsql
as $$
declare
    x_table constant regclass := i_trigger[1]::oid;
    l pgq.trigger_layout := pgq.trigger_arguments(i_trigger);
    x_types oid[] := '{}';
    x_key text[];
begin
    execute format(
        'select array(select json_object_keys(row_to_json("pgq row"))) from (select (null::%s).*) "pgq row"', x_table)
        into l.names;
    l.column_count := cardinality(l.names);
    if l.column_count > 0 then
        execute format('select array[%s]::oid[]', (
            select string_agg(format('pg_typeof((null::%s).%I)', x_table, name), ', ' order by n)
            from unnest(l.names) with ordinality c (name, n))) into x_types;
    end if;

    l.settled := true;
    if l.format = 'logtriga' then
        if strpos(l.letters, 'k') = 0 then
            raise exception 'need at least one key column';
        elsif strpos(substr(l.letters, l.column_count + 1), 'k') > 0 then
            raise exception 'key column does not exist';
        end if;
        l.key_names := array(
            select name from unnest(l.names) with ordinality c (name, n) where substr(l.letters, n::integer, 1) = 'k');
        l.ignored_names := array(
            select name from unnest(l.names) with ordinality c (name, n) where substr(l.letters, n::integer, 1) in ('i', ''));
    elsif l.key_names is null then
        select array(select pg_get_indexdef(i.indexrelid, n, false) from generate_series(1, i.indnkeyatts) n) into x_key
            from pg_index i where i.indrelid = x_table and i.indisprimary;
        l.settled := x_key[1] is not null or current_setting('transaction_isolation') = 'read committed';
        l.key_names := array(
            select (parse_ident(k))[1] from unnest(x_key) with ordinality u (k, n) where k is not null order by n);
    end if;

    l.key_list := array_to_string(l.key_names, ',');
    l.key := array(
        select n::integer from unnest(l.names) with ordinality c (name, n)
        where name = any (l.key_names) or name = any (array(select trim(k) from unnest(l.key_names) k)) order by n);
    l.magic := array(
        select n::integer from unnest(l.names) with ordinality c (name, n) where name like '\_pgq\_ev\_%' order by n);
    l.ignored := array(
        select n::integer from unnest(l.names) with ordinality c (name, n)
        where name = any (l.ignored_names) and n <> all (l.magic) order by n);
    l.logged := array(
        select n from generate_series(1, l.column_count) n where n <> all (l.ignored || l.magic) order by n);
    -- A BEFORE trigger does not see what generated columns will hold; PgQ shows what they held.
    if i_trigger[2] = 'BEFORE' then
        l.unknown := array(
            select n::integer from unnest(l.names) with ordinality c (name, n)
                join pg_attribute a on a.attrelid = x_table and a.attname = name and a.attgenerated <> '' order by n);
    end if;
    l.expressions := array(
        select pgq.expression_sql(l.fields[n], l.expressions[n], l.names) from generate_subscripts(l.fields, 1) n order by n);
    return pgq.trigger_formats(l, x_table, x_types);
end;
$$;
