-- What a row's change is in pgq.sqltriga: a fragment of SQL, which begins behind `insert into table`, `update table set`
-- or `delete from table where`. i_changed: the positions of what an UPDATE writes.
create or replace function pgq.sql_data(
    i_layout pgq.trigger_layout, i_op text, i_text text, i_old text[], i_new text[], i_changed integer[]
) returns text
language plpgsql stable
as $$
declare
    x_values text;
    x_key text;
    x_set text;
    x_position integer;
begin
    if i_op = 'INSERT' then
        if i_text !~ '[\\\x02\x7f]' then
            x_values := replace(array_to_string(i_new, chr(127), chr(2)), '''', '''''');
            return replace(format(i_layout.insert_format, variadic string_to_array(x_values || chr(127), chr(127))),
                '''' || chr(2) || '''', 'null');
        end if;
        return (
            select format('(%s) values (%s)', string_agg(quote_ident(i_layout.names[n]), ',' order by n),
                string_agg(coalesce(quote_literal(i_new[n]), 'null'), ',' order by n))
            from unnest(i_layout.logged) n);
    end if;

    foreach x_position in array i_layout.key loop
        continue when x_position = any (i_layout.magic);
        if i_old[x_position] is null then
            raise exception 'logtriga: Unexpected NULL key value';
        end if;
        x_key := concat(x_key || ' and ', quote_ident(i_layout.names[x_position]), '=', quote_literal(i_old[x_position]));
    end loop;
    x_key := coalesce(x_key, '');
    if i_op = 'DELETE' then
        return x_key;
    end if;

    foreach x_position in array i_changed loop
        x_set := concat(x_set || ',', quote_ident(i_layout.names[x_position]), '=', quote_nullable(i_new[x_position]));
    end loop;
    -- Where nothing has changed the key is written over.
    if x_set is null then
        x_position := i_layout.key[1];
        x_set := concat(quote_ident(i_layout.names[x_position]), '=', quote_nullable(i_old[x_position]));
    end if;
    return concat(x_set, ' where ', x_key);
end;
$$;
