-- Makes a queue: its sequences, its event tables, its first tick. Returns 1, or 0 when it exists already.
create or replace function pgq.create_queue(i_queue_name text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    n integer;
begin
    if i_queue_name is null then
        raise exception 'Invalid NULL value';
    end if;

    insert into pgq.queue (queue_id, queue_name, queue_data_pfx, queue_event_seq, queue_tick_seq)
    select id, i_queue_name, 'pgq.event_' || id, 'pgq.event_' || id || '_id_seq', 'pgq.event_' || id || '_tick_seq'
        from nextval('pgq.queue_queue_id_seq') id
        where not exists (select from pgq.queue where queue_name = i_queue_name)
    on conflict (queue_name) do nothing
    returning * into q;
    if not found then
        return 0;
    end if;

    -- No cache: the order of ids within one key is the order of its changes. Value 0 is drawn below, so that the
    -- sequence stands at 0 before event 1; a fresh sequence would stand at 1 before and after it, and the first event
    -- would not count as new.
    execute format('create sequence %s minvalue 0 start 0 cache 1', q.queue_event_seq);
    execute format('create sequence %s cache 1', q.queue_tick_seq);
    perform nextval(q.queue_event_seq::regclass);

    execute format('create table %s () inherits (pgq.event_template)', q.queue_data_pfx);
    for n in 0 .. q.queue_ntables - 1 loop
        execute format('create table %s_%s () inherits (%s)', q.queue_data_pfx, n, q.queue_data_pfx);
        execute format('alter table %s_%s alter column ev_id set default nextval(%L)',
            q.queue_data_pfx, n, q.queue_event_seq);
        execute format('create index event_%s_%s_txid_idx on %s_%s (ev_txid)',
            q.queue_id, n, q.queue_data_pfx, n);
    end loop;
    perform pgq.tune_storage(i_queue_name);
    perform pgq.grant_perms(i_queue_name);

    -- The first tick needs no lock: until we commit nobody else knows the queue. It must be flushed like every other.
    if current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    insert into pgq.tick (tick_queue, tick_id, tick_event_seq)
        values (q.queue_id, nextval(q.queue_tick_seq::regclass), 0);
    perform pgq.note_epoch(q.queue_id, 1);
    return 1;
end;
$$;
