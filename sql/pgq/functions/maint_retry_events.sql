-- Moves at most 10 events whose time has come back into their queues and returns how many it dealt with; call it until it
-- says 0. Few at a time, so that the lock is short. Queues that take no events are left for later; an event that cannot
-- be written is told as a warning and comes again in a minute, so that it does not keep the others back.
-- Called by: the maintainer. Locks: SHARE UPDATE EXCLUSIVE on pgq.retry_queue: one mover at a time, inserts go on.
create or replace function pgq.maint_retry_events() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    e record;
    moved integer := 0;
begin
    perform pgq.require_read_committed('pgq.maint_retry_events()');
    lock table pgq.retry_queue in share update exclusive mode;
    for e in
        select r.*, q.queue_name
        from pgq.retry_queue r join pgq.queue q on q.queue_id = r.ev_queue
        where r.ev_retry_after <= current_timestamp
            and (not q.queue_disable_insert or current_setting('session_replication_role') = 'replica')
        order by r.ev_retry_after
        limit 10
    loop
        begin
            perform pgq.insert_event_raw(e.queue_name, e.ev_id, e.ev_time, e.ev_owner, e.ev_retry,
                e.ev_type, e.ev_data, e.ev_extra1, e.ev_extra2, e.ev_extra3, e.ev_extra4);
            delete from pgq.retry_queue where ev_owner = e.ev_owner and ev_id = e.ev_id;
        exception when others then
            raise warning 'event % of queue % cannot be sent again: %', e.ev_id, e.queue_name, sqlerrm using errcode = sqlstate;
            update pgq.retry_queue set ev_retry_after = current_timestamp + interval '1 minute'
                where ev_owner = e.ev_owner and ev_id = e.ev_id;
        end;
        moved := moved + 1;
    end loop;
    return moved;
end;
$$;
