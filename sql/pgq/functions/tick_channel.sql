-- The channel on which ticks of a queue are announced, to be given to LISTEN; the payload is the tick's id.
create or replace function pgq.tick_channel(queue text) returns text
language plpgsql stable
as $$
declare
    channel text;
begin
    select 'pgq_' || q.queue_id into channel from pgq.queue q where q.queue_name = tick_channel.queue;
    if not found then
        raise exception 'No such event queue';
    end if;
    return channel;
end;
$$;
