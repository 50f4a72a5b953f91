-- Whether a consumer has done a batch: it is the last one that it has.
create or replace function pgq_ext.is_batch_done(a_consumer text, a_subconsumer text, a_batch_id bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select from pgq_ext.completed_batch
        where consumer_id = a_consumer and subconsumer_id = a_subconsumer and last_batch_id = a_batch_id);
end;
$$;

create or replace function pgq_ext.is_batch_done(a_consumer text, a_batch_id bigint) returns boolean
language sql
as $$
    select pgq_ext.is_batch_done(a_consumer, '', a_batch_id);
$$;
