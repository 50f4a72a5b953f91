-- Takes a sequence out of the set of a queue. Called by: londiste provider remove-seq. Locks: none beyond the row.
-- Returns 1, or 0 when it is not in the set.
create or replace function londiste.provider_remove_seq(i_queue_name text, i_seq_name text)
returns integer language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform londiste.queue_id(i_queue_name);
    delete from londiste.provider_seq p
     where p.queue_name = i_queue_name
       and p.seq_name = (select f.relation_name from londiste.find_relation(i_seq_name) f);
    return case when found then 1 else 0 end;
end
$$;
