-- The ticks between which the next batch of a consumer at tick i_after lies: rows `from` and `to`, and `head`, the last
-- tick there is. `from` is missing when the queue does not have the tick any more, `to` when no later one is there yet.
-- Several ticks make one batch as long as it has no more than i_most_events: only real snapshots may close a batch, but
-- any number of them may be skipped. None is taken beyond i_last, where a compare waits.
-- Called by: replay. Locks: none.
create or replace function londiste.next_range(i_queue_name text, i_after bigint, i_most_events bigint, i_last bigint default null)
returns table (role text, tick_id bigint, tick_time text, tick_snapshot text, tick_event_seq bigint, epoch integer)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_queue_id integer := londiste.queue_id(i_queue_name);
    v_after_seq bigint;
    v_head record;
    v_last record;
    v_to bigint;
begin
    select t.tick_event_seq into v_after_seq from pgq.tick t where t.tick_queue = v_queue_id and t.tick_id = i_after;
    select t.tick_id, t.tick_event_seq into v_head
      from pgq.tick t where t.tick_queue = v_queue_id order by t.tick_queue desc, t.tick_id desc limit 1;
    v_last := v_head;
    if i_last < v_head.tick_id then
        select t.tick_id, t.tick_event_seq into v_last
          from pgq.tick t where t.tick_queue = v_queue_id and t.tick_id <= i_last order by t.tick_queue desc, t.tick_id desc limit 1;
    end if;
    if v_last.tick_event_seq - v_after_seq <= i_most_events then
        v_to := v_last.tick_id;
    else
        -- The last one before there are too many, unless the very next has too many already.
        select coalesce(max(t.tick_id) filter (where t.tick_event_seq - v_after_seq <= i_most_events), min(t.tick_id)) into v_to
          from pgq.tick t
         where t.tick_queue = v_queue_id and t.tick_id > i_after
           and t.tick_id <= (
                select x.tick_id from pgq.tick x
                 where x.tick_queue = v_queue_id and x.tick_id > i_after and x.tick_event_seq - v_after_seq > i_most_events
                 order by x.tick_queue, x.tick_id limit 1);
    end if;
    return query
        select r.role, t.tick_id,
               -- As a session in UTC would print it, whatever this one's time zone is.
               (t.tick_time at time zone 'UTC')::text || '+00', t.tick_snapshot::text, t.tick_event_seq,
               pgq.get_epoch(i_queue_name, t.tick_id)
          from (values ('from', i_after), ('to', v_to), ('head', v_head.tick_id)) as r (role, id)
          join pgq.tick t on t.tick_queue = v_queue_id and t.tick_id = r.id
         where r.role <> 'to' or r.id > i_after;
end
$$;
