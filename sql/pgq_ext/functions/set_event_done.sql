-- Records that a consumer has done an event of a batch. Returns false when it had done so already. The first event of
-- another batch makes the events of the batch before be forgotten.
-- Locks: the consumer's row in partial_batch.
create or replace function pgq_ext.set_event_done(
    a_consumer text, a_subconsumer text, a_batch_id bigint, a_event_id bigint
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    x_batch bigint;
begin
    insert into pgq_ext.partial_batch (consumer_id, subconsumer_id, cur_batch_id)
        values (a_consumer, a_subconsumer, a_batch_id)
        on conflict (consumer_id, subconsumer_id) do nothing;
    select cur_batch_id into x_batch
        from pgq_ext.partial_batch
        where consumer_id = a_consumer and subconsumer_id = a_subconsumer
        for update;
    if pgq_ext.is_event_done(a_consumer, a_subconsumer, a_batch_id, a_event_id) then
        return false;
    end if;

    if x_batch <> a_batch_id then
        delete from pgq_ext.completed_event
            where consumer_id = a_consumer and subconsumer_id = a_subconsumer and batch_id = x_batch;
        update pgq_ext.partial_batch set cur_batch_id = a_batch_id
            where consumer_id = a_consumer and subconsumer_id = a_subconsumer;
    end if;
    insert into pgq_ext.completed_event (consumer_id, subconsumer_id, batch_id, event_id)
        values (a_consumer, a_subconsumer, a_batch_id, a_event_id);
    return true;
end;
$$;

create or replace function pgq_ext.set_event_done(a_consumer text, a_batch_id bigint, a_event_id bigint) returns boolean
language sql
as $$
    select pgq_ext.set_event_done(a_consumer, '', a_batch_id, a_event_id);
$$;
