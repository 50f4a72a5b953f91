-- Deletes ticks of a queue that nobody is likely to need: of those that every consumer has passed, the last ones
-- (ticks_kept of pgq.own_setting) stay, and of older ones the first of each minute. A consumer can still be moved back
-- to any tick that is there; its batches become longer ones. Returns 0.
--
-- Rotation deletes ticks too, but two rotations later: many ticks a second make hundreds of thousands of rows until
-- then, and a transaction that stays open puts rotation off.
--
-- Called by: the maintainer, as pgq.maint_operations() says.
-- Locks: the queue's row, as rotation does; a queue whose row somebody has locked waits for the next time.
create or replace function pgq.maint_ticks(i_queue_name text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    newest_passed bigint;
    last_to_thin bigint;
begin
    perform pgq.require_read_committed('pgq.maint_ticks()');
    select queue_id into q from pgq.queue where queue_name = i_queue_name for no key update skip locked;
    if not found then
        return 0;
    end if;
    lock table pgq.subscription in access share mode;
    select coalesce(min(s.sub_last_tick), (select max(t.tick_id) from pgq.tick t where t.tick_queue = q.queue_id))
        into newest_passed
        from pgq.subscription s where s.sub_queue = q.queue_id;

    select t.tick_id into last_to_thin
        from pgq.tick t
        where t.tick_queue = q.queue_id and t.tick_id < newest_passed
        order by t.tick_queue desc, t.tick_id desc
        offset (select s.ticks_kept from pgq.own_setting s where s.queue_id = q.queue_id) limit 1;
    delete from pgq.tick t
        using (
            select k.tick_id, row_number() over (partition by date_trunc('minute', k.tick_time) order by k.tick_id) as n
            from pgq.tick k
            where k.tick_queue = q.queue_id and k.tick_id <= last_to_thin
        ) old
        where t.tick_queue = q.queue_id and t.tick_id = old.tick_id and old.n > 1;
    return 0;
end;
$$;
