-- Sets a sequence here to exactly the provider's value, forward or back, and remembers it. Returns what is wrong when that
-- cannot be done, which must not hold up the tables; null when it was, or when the sequence is not on the list any more.
-- Called by: replay, with the position locked.
create or replace function londiste.set_sequence(
    i_queue_name text, i_consumer_name text, i_seq_name text, i_last_value bigint, i_is_called boolean)
returns text language plpgsql as $$
begin
    if not exists (select from londiste.subscriber_seq s
                    where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name and s.seq_name = i_seq_name) then
        return null;
    end if;
    begin
        perform setval(i_seq_name::regclass, i_last_value, i_is_called);
    exception when others then
        return format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
    end;
    update londiste.subscriber_seq s
       set last_value = i_last_value, is_called = i_is_called
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name and s.seq_name = i_seq_name;
    return null;
end
$$;
