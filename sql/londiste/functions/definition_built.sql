-- Records that what a copy has dropped is there again, in the transaction that made the last of it.
-- Called by: the copier. Locks: the row.
create or replace function londiste.definition_built(
    i_queue_name text, i_consumer_name text, i_table_name text, i_kind text, i_name text)
returns void language sql as $$
    update londiste.stored_definition d set is_dropped = false
     where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
       and d.kind = i_kind and d.name = i_name
$$;
