-- Opens a new epoch of a queue at a tick when the server is not the one that took the last ticks: another system
-- identifier (a dump restored elsewhere) or another timeline (a promoted standby, a restore to a point in time).
-- Called by: pgq.create_queue and pgq.store_tick, under the queue's tick lock.
create or replace function pgq.note_epoch(i_queue_id integer, i_tick_id bigint) returns void
language sql
as $$
    insert into pgq.epoch (queue_id, epoch, first_tick_id, system_identifier, timeline)
    select i_queue_id, coalesce(last.epoch, 0) + 1, i_tick_id, here.system_identifier, here.timeline
    from (
        select c.system_identifier,
            -- The first 8 hexadecimal digits of a WAL file's name.
            ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint as timeline
        from pg_control_system() c
    ) here
        left join lateral (
            select e.epoch, e.system_identifier, e.timeline
            from pgq.epoch e
            where e.queue_id = i_queue_id
            order by e.epoch desc
            limit 1
        ) last on true
    where (here.system_identifier, here.timeline) is distinct from (last.system_identifier, last.timeline);
$$;
