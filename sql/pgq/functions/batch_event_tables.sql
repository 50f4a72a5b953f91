-- The tables that hold events of a batch: every event table of its queue.
--
-- Which table a writer uses depends on what it sees of the queue's row. A REPEATABLE READ transaction that began before
-- a rotation writes into the table of then, at any later time, under any later xid, so no comparison of xids with the
-- moments of rotation tells which tables a batch can skip. A probe of the index on ev_txid for each table can.
-- (docs/decisions/0001)
create or replace function pgq.batch_event_tables(x_batch_id bigint) returns setof text
language plpgsql
as $$
begin
    return query
        select q.queue_data_pfx || '_' || n
            from pgq.subscription s
                join pgq.queue q on q.queue_id = s.sub_queue
                cross join generate_series(0, q.queue_ntables - 1) n
            where s.sub_batch = x_batch_id
            order by n;
    if not found then
        raise exception 'Cannot find data for batch %', x_batch_id;
    end if;
end;
$$;
