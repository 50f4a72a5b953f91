-- Puts a sequence on this subscription's list; replay sets it with its next pass.
-- Called by: londiste subscriber add-seq. Returns 1, or 0 when it is on the list already.
create or replace function londiste.subscriber_add_seq(i_queue_name text, i_consumer_name text, i_seq_name text)
returns integer language plpgsql as $$
begin
    insert into londiste.subscriber_seq (queue_name, consumer_name, seq_name)
    values (i_queue_name, i_consumer_name, i_seq_name)
    on conflict do nothing;
    if not found then
        return 0;
    end if;
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
