-- The query that returns the events of a batch in the order of their ids.
-- Called by: pgq.get_batch_events, pgq.get_batch_cursor, and programs that stream a batch.
create or replace function pgq.batch_event_sql(x_batch_id bigint) returns text
language plpgsql
as $$
declare
    b record;
    events text;
begin
    select s.sub_queue, s.sub_id, last.tick_snapshot as last_snapshot, cur.tick_snapshot as cur_snapshot into b
        from pgq.subscription s
            join pgq.tick last on last.tick_queue = s.sub_queue and last.tick_id = s.sub_last_tick
            join pgq.tick cur on cur.tick_queue = s.sub_queue and cur.tick_id = s.sub_next_tick
        where s.sub_batch = x_batch_id;
    if not found then
        raise exception 'batch not found';
    end if;

    events := pgq.event_range_sql(b.sub_queue, b.last_snapshot, b.cur_snapshot, b.sub_id);
    if events is null then
        raise exception 'could not construct sql for batch %', x_batch_id;
    end if;
    return events || ' order by 1';
end;
$$;
