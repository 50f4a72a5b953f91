-- Takes a sequence off this subscription's list; its value stays.
-- Called by: londiste subscriber remove-seq. Returns 1, or 0 when it was not on the list.
create or replace function londiste.subscriber_remove_seq(i_queue_name text, i_consumer_name text, i_seq_name text)
returns integer language plpgsql as $$
begin
    delete from londiste.subscriber_seq s
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name and s.seq_name = i_seq_name;
    return case when found then 1 else 0 end;
end
$$;
