-- Makes the table of subscriptions small again when it is full of versions that vacuum may not take away yet. Returns 1,
-- or 0 when there was no need, or somebody is using the table.
--
-- Every batch updates its subscription twice, and an open transaction, of anybody, keeps all versions. Batches do not meet
-- them (pgq.current_subscription), but whoever reads the table does. TRUNCATE takes them away all the same, unless that
-- transaction has read the table itself. What it costs: a transaction that took its only snapshot earlier (REPEATABLE
-- READ) finds the table empty, and a consumer's call in it fails with "Not subscriber to queue". Whoever reads the table to
-- decide what to delete must lock it first.
--
-- Called by: pgq.ticker, after ticks. Locks: the rows of consumers and queues that subscriptions refer to, then ACCESS
-- EXCLUSIVE on pgq.subscription and pgq.registration, in the order of pgq.unregister_consumer and without waiting for any.
create or replace function pgq.compact_subscriptions() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    most_bytes constant bigint := 16384;
    rows pgq.subscription[];
begin
    if pg_relation_size('pgq.subscription') <= most_bytes then
        return 0;
    end if;
    begin
        -- Writing the rows again asks for these, and must not wait for them with the table locked.
        perform from pgq.consumer c where c.co_id in (select sub_consumer from pgq.subscription) for key share nowait;
        perform from pgq.queue q where q.queue_id in (select sub_queue from pgq.subscription) for key share nowait;
        lock table pgq.subscription, pgq.registration in access exclusive mode nowait;
    exception when lock_not_available then
        return 0;
    end;
    rows := array(select s from pgq.subscription s order by s.sub_id, s.sub_consumer);
    -- Many subscriptions are no reason: a row takes 100 bytes, and its page is half empty.
    if pg_relation_size('pgq.subscription') <= most_bytes + cardinality(rows) * 800 then
        return 0;
    end if;
    truncate pgq.subscription;
    insert into pgq.subscription select s.* from unnest(rows) s;
    return 1;
end;
$$;
