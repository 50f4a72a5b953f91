-- Sets a sequence here to exactly the provider's value, forward or back, and remembers it.
-- Called by: replay. Returns false when the sequence is not on the list any more.
create or replace function londiste.set_sequence(
    i_queue_name text, i_consumer_name text, i_seq_name text, i_last_value bigint, i_is_called boolean)
returns boolean language plpgsql as $$
begin
    update londiste.subscriber_seq s
       set last_value = i_last_value, is_called = i_is_called
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name and s.seq_name = i_seq_name;
    if not found then
        return false;
    end if;
    perform setval(i_seq_name::regclass, i_last_value, i_is_called);
    return true;
end
$$;
