-- Lets the copy of a table that pause_copy has put off go on. Returns 1, or 0 when the table is not on the list; raises when
-- it is not paused.
-- Called by: londiste copy resume. Locks: the table's row.
create or replace function londiste.resume_copy(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
begin
    if not exists (
        select from londiste.table_state t
         where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name) then
        return 0;
    end if;
    update londiste.table_state t set copy_paused = false
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.copy_paused;
    if not found then
        raise exception 'the copy of table % is not paused', i_table_name
            using errcode = 'object_not_in_prerequisite_state', hint = 'nothing to do';
    end if;
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
