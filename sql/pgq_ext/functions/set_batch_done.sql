-- Records that a consumer has done a batch. Returns false when it had done so already.
-- Locks: the consumer's row, so that the second of two sessions that record the same batch waits and is told false.
create or replace function pgq_ext.set_batch_done(a_consumer text, a_subconsumer text, a_batch_id bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into pgq_ext.completed_batch as c (consumer_id, subconsumer_id, last_batch_id)
        values (a_consumer, a_subconsumer, a_batch_id)
        on conflict (consumer_id, subconsumer_id) do update
            set last_batch_id = excluded.last_batch_id
            where c.last_batch_id <> excluded.last_batch_id;
    return found;
end;
$$;

create or replace function pgq_ext.set_batch_done(a_consumer text, a_batch_id bigint) returns boolean
language sql
as $$
    select pgq_ext.set_batch_done(a_consumer, '', a_batch_id);
$$;
