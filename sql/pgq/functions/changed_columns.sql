-- The positions, among i_positions, of the columns whose values differ in two rows, by the equality of their types. The
-- rows come as they are and as pgq.row_fields takes them apart.
create or replace function pgq.changed_columns(
    i_layout pgq.trigger_layout, i_positions integer[], i_old anyelement, i_new anyelement, i_old_fields text[], i_new_fields text[]
) returns integer[]
language plpgsql stable
as $$
declare
    x_changed integer[] := '{}';
    x_position integer;
    x_equal boolean;
begin
    foreach x_position in array i_positions loop
        continue when i_old_fields[x_position] is not distinct from i_new_fields[x_position];
        if i_layout.equal_sql[x_position] is not null
            and i_old_fields[x_position] is not null and i_new_fields[x_position] is not null
        then
            execute 'select ' || i_layout.equal_sql[x_position] into x_equal using i_old, i_new;
            continue when x_equal;
        end if;
        x_changed := x_changed || x_position;
    end loop;
    return x_changed;
end;
$$;
