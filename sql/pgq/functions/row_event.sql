-- Puts the event of a changed row into the queue of its trigger, unless the trigger's arguments say that there is none.
-- i_old and i_new: the row of an INSERT or DELETE is given as both. Returns the event's id, or null.
--
-- Called by: the trigger functions. Runs as whoever writes to the table, as do the expressions among the trigger's
-- arguments; only pgq.insert_event has other rights.
create or replace function pgq.row_event(
    i_layout pgq.trigger_layout, i_op text, i_schema text, i_table text, i_old anyelement, i_new anyelement
) returns bigint
language plpgsql
as $$
declare
    x_event_fields constant text[] := array['ev_type', 'ev_data', 'ev_extra1', 'ev_extra2', 'ev_extra3', 'ev_extra4'];
    x_is_whole constant boolean := i_layout.format in ('logutriga', 'jsontriga');
    x_has_dates constant boolean := i_layout.format = 'jsontriga' and 'd' = any (i_layout.kinds);
    x_text constant text := i_new::text;
    x_old_text text;
    x_new text[] := pgq.row_fields(i_layout, i_new, x_text);
    x_old text[] := x_new;
    x_changed integer[];
    x_event text[];
    x_position integer;
    x_number integer;
    x_value text;
    x_type regtype;
    x_rows bigint;
begin
    if i_layout.key_list = '' and i_op <> 'INSERT' then
        raise exception 'Update/Delete on table without pkey';
    end if;
    if i_op = 'UPDATE' then
        x_old_text := i_old::text;
        x_old := pgq.row_fields(i_layout, i_old, x_old_text);
        foreach x_position in array i_layout.unknown loop
            x_new[x_position] := x_old[x_position];
        end loop;
        if cardinality(pgq.changed_columns(i_layout, i_layout.key, i_old, i_new, x_old, x_new)) > 0 then
            raise exception 'primary key update not allowed';
        end if;
        -- No event where something has changed, but nothing that is logged.
        if not x_is_whole or cardinality(i_layout.ignored_names) > 0 then
            x_changed := pgq.changed_columns(i_layout, i_layout.logged, i_old, i_new, x_old, x_new);
            if cardinality(x_changed) = 0 and cardinality(pgq.changed_columns(
                i_layout, i_layout.ignored || i_layout.magic, i_old, i_new, x_old, x_new)) > 0
            then
                return null;
            end if;
        end if;
    end if;

    x_event := array[
        case i_layout.format
            when 'logutriga' then left(i_op, 1) || ':' || i_layout.key_list
            when 'jsontriga' then pgq.json_event_type(i_layout, i_op, i_schema, i_table)
            else left(i_op, 1)
        end,
        case
            when x_is_whole then
                pgq.row_data(i_layout, x_text, x_new, case when x_has_dates then row_to_json(i_new) end)
            else pgq.sql_data(i_layout, i_op, x_text, x_old, x_new, x_changed)
        end,
        i_schema || '.' || i_table, null, null, null];
    if i_layout.backup and i_op = 'UPDATE' then
        x_event[4] := pgq.row_data(i_layout, x_old_text, x_old, case when x_has_dates then row_to_json(i_old) end);
    end if;

    foreach x_position in array i_layout.magic loop
        x_event[array_position(x_event_fields, substr(i_layout.names[x_position], 6))] := x_new[x_position];
    end loop;
    for x_number in 1 .. cardinality(i_layout.fields) loop
        x_value := null;
        x_type := null;
        if i_layout.expressions[x_number] is not null then
            execute i_layout.expressions[x_number] into x_value, x_type using i_new;
            get diagnostics x_rows = row_count;
            if x_rows <> 1 then
                raise exception 'Expect 1 row from override query, got %', x_rows;
            end if;
        end if;
        if i_layout.fields[x_number] <> 'when' then
            x_event[array_position(x_event_fields, i_layout.fields[x_number])] := x_value;
        elsif x_type <> 'boolean'::regtype then
            raise exception 'when= query result must be boolean, got=%', x_type::oid;
        elsif x_value is null then
            raise exception 'when= should not be NULL';
        elsif x_value::boolean is false then
            return null;
        end if;
    end loop;
    return pgq.insert_event(i_layout.queue, x_event[1], x_event[2], x_event[3], x_event[4], x_event[5], x_event[6]);
end;
$$;
