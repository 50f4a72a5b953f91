-- Storage settings of a queue's event tables: rows are never updated, and TRUNCATE takes them away, so there is nothing
-- to leave room for and nothing to vacuum. Returns 1, or 0 when there is no such queue.
-- Called by: pgq.create_queue.
create or replace function pgq.tune_storage(i_queue_name text) returns integer
language plpgsql
as $$
declare
    q record;
    n integer;
begin
    select queue_data_pfx, queue_ntables into q from pgq.queue where queue_name = i_queue_name;
    if not found then
        return 0;
    end if;
    for n in 0 .. q.queue_ntables - 1 loop
        execute format(
            'alter table %s_%s set (fillfactor = 100, autovacuum_enabled = off, toast.autovacuum_enabled = off)',
            q.queue_data_pfx, n);
    end loop;
    return 1;
end;
$$;
