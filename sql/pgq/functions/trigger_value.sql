-- The value of an argument's expression for a row whose columns it names, and the value's type.
create or replace function pgq.trigger_value(i_expression text, i_row anyelement, out value text, out type oid)
language plpgsql
as $$
declare
    x_rows bigint;
begin
    if i_expression ~ '^\s*$' then
        return;
    end if;
    execute format(
        'select case when num_nulls(v) = 0 then concat(v) end, pg_typeof(v)::oid
        from (select %s
            from (select ($1).*) "pgq row") "pgq value" (v)', i_expression)
        into value, type using i_row;
    get diagnostics x_rows = row_count;
    if x_rows <> 1 then
        raise exception 'Expect 1 row from override query, got %', x_rows;
    end if;
end;
$$;
