-- Forgets what the consumer of an open batch has staged: the work that it belonged to was rolled back. Returns how many
-- retries and letters went.
-- Called by: a consumer that works in another database, before it begins a batch; pgq.release_staged.
create or replace function pgq.drop_staged(i_batch_id bigint) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    b record;
    retries integer;
    letters integer;
begin
    b := pgq.batch_owner(i_batch_id);
    delete from pgq.retry_queue where ev_owner = b.sub_id and ev_retry_after = 'infinity';
    get diagnostics retries = row_count;
    delete from pgq.dead_letter
        where dl_queue = b.queue_id and dl_consumer = b.consumer_name and dl_time = 'infinity';
    get diagnostics letters = row_count;
    return retries + letters;
end;
$$;
