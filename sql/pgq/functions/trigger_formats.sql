-- Completes a pgq.trigger_layout with what is written of the columns, given their types: the strings that format() fills
-- in with a row's fields (see pgq.row_data), and how a row is taken apart and two of its values are compared.
create or replace function pgq.trigger_formats(i_layout pgq.trigger_layout, i_table regclass, i_types oid[])
returns pgq.trigger_layout
language plpgsql
as $$
declare
    l pgq.trigger_layout := i_layout;
    x_name text;
begin
    foreach x_name in array array(select l.names[n] from unnest(l.magic) n) loop
        if x_name !~ '^_pgq_ev_(type|data|extra[1-4])$' then
            raise exception 'Unknown magic column: %', x_name;
        end if;
    end loop;

    l.kinds := array(
        select case t::oid when 20 then 'n' when 21 then 'n' when 23 then 'n' when 16 then 'b'
            when 1082 then 'd' when 1114 then 'd' when 1184 then 'd' else 's' end
        from unnest(i_types::regtype[]) with ordinality c (t, n) order by n);
    l.equal_sql := array(
        select pgq.equality_sql(i_table, name, i_types[n])
        from unnest(l.names) with ordinality c (name, n) order by n);

    if l.column_count <= 64 then
        l.padding := repeat(',', case when l.column_count <= 16 then 16 else 64 end - greatest(l.column_count, 1)) || ')';
    else
        l.fields_sql := format('select array[%s]', (
            select string_agg(format('case when num_nulls(($1).%1$I) = 0 then concat(($1).%1$I) end', name), ', ' order by n)
            from unnest(l.names) with ordinality c (name, n)));
    end if;

    if l.format = 'jsontriga' then
        -- A number stands as it is; a boolean behind chr(1), by which pgq.row_data finds it.
        l.row_format := '{' || coalesce((
            select string_agg(replace(to_json(l.names[n])::text, '%', '%%') || ':'
                || case l.kinds[n] when 'n' then format('%%%s$s', n) when 'b' then format('%s%%%s$s', chr(1), n)
                    else format('"%%%s$s"', n) end, ',' order by n)
            from unnest(l.logged) n), '') || '}';
    else
        l.row_format := coalesce((
            select string_agg(replace(pgq.urlencode(l.names[n]), '%', '%%') || format('=%%%s$s', n), '&' order by n)
            from unnest(l.logged) n), '');
    end if;
    l.insert_format := (
        select format('(%s) values (%s)', string_agg(replace(quote_ident(l.names[n]), '%', '%%'), ',' order by n),
            string_agg(format('''%%%s$s''', n), ',' order by n))
        from unnest(l.logged) n);
    return l;
end;
$$;
