-- Puts the event of a TRUNCATE into the queue of its trigger. Called by: the trigger functions.
create or replace function pgq.truncate_event(i_layout pgq.trigger_layout, i_schema text, i_table text) returns bigint
language plpgsql
as $$
begin
    if i_layout.no_truncate is not null then
        raise exception '%', i_layout.no_truncate;
    end if;
    if i_layout.format = 'jsontriga' then
        return pgq.insert_event(i_layout.queue, pgq.json_event_type(i_layout, 'TRUNCATE', i_schema, i_table), '{}',
            i_schema || '.' || i_table, null, null, null);
    end if;
    return pgq.insert_event(i_layout.queue, 'R', '', i_schema || '.' || i_table, null, null, null);
end;
$$;
