-- The query of an expression among a trigger's arguments: its value and, of when=, its type, for the row $1, whose columns
-- it names. Null for a blank one. i_names: the columns of the table.
--
-- The query is planned for each row, which takes the longer the more columns it lists: so only those whose names stand in
-- the expression, or all where it may name them otherwise.
-- Called by: pgq.read_trigger_layout.
create or replace function pgq.expression_sql(i_field text, i_expression text, i_names text[]) returns text
language plpgsql immutable
as $$
declare
    x_columns text := '($1).*';
begin
    if i_expression ~ '^\s*$' then
        return null;
    elsif i_expression !~* '\*|u&"|pgq row' then
        x_columns := (
            select string_agg(format('($1).%I', name), ', ')
            from unnest(i_names) name
            where strpos(lower(i_expression), lower(replace(name, '"', '""'))) > 0);
    end if;
    -- concat() knows how a type prints, but no null; `is null` would be true of a composite value whose fields all are.
    -- The line break ends a comment in the expression.
    return format(E'select %s from (select %s\n from (select %s) "pgq row") "pgq value" (v)',
        case i_field when 'when' then 'v, pg_typeof(v)' else 'case when v is distinct from null then concat(v) end, null' end,
        i_expression, x_columns);
end;
$$;
