-- Puts a table of the set on this subscription's list; its first copy begins as soon as a replay sees it. Its rows go to
-- i_dest_table (null for the table of the same name), with i_columns of its columns (null for all).
-- Called by: londiste subscriber add. Locks: the position row. Returns 1, or 0 when it is on the list already; raises when
-- another table's rows go to the same one: each copy would throw the other's rows away.
create or replace function londiste.subscriber_add_table(
    i_queue_name text, i_consumer_name text, i_table_name text,
    i_dest_table text default null, i_columns text default null)
returns integer language plpgsql as $$
declare
    v_dest text := coalesce(i_dest_table, i_table_name);
    v_other text;
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name);
    select t.table_name into v_other
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name <> i_table_name
       and coalesce(t.dest_table, t.table_name) = v_dest;
    if found then
        raise exception 'table %: the rows of table % go to % already', i_table_name, v_other, v_dest
            using errcode = 'object_not_in_prerequisite_state', hint = 'add it with --dest-table and another table';
    end if;
    insert into londiste.table_state (queue_name, consumer_name, table_name, dest_table, columns)
    values (i_queue_name, i_consumer_name, i_table_name, i_dest_table, i_columns)
    on conflict do nothing;
    if not found then
        return 0;
    end if;
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
