-- First step of rotation: empties the next event table of a queue and makes it the one that is written. Does nothing
-- when it is not time, or somebody may still need that table. Returns 0. Step 2 must follow in a later transaction.
--
-- The test by xids is cheap and keeps events for a whole period, but it is not enough: a REPEATABLE READ writer from
-- before a rotation writes into the table of then, under any later xid. So the table is looked into, under a lock that
-- no writer shares, before it is emptied: no event in it may be newer than what the slowest consumer has passed. A queue
-- without consumers keeps what the next one, who starts at the last tick, would need.
--
-- A queue whose row somebody has locked, such as a transaction that registers a consumer and stays open, waits for the
-- next time, and the others do not wait for it.
--
-- Called by: the maintainer, as pgq.maint_operations() says.
-- Locks: the queue's row; ACCESS SHARE on pgq.subscription, before it is read, because pgq.compact_subscriptions empties
-- it for a moment; ACCESS EXCLUSIVE, without waiting, on the event table to be emptied.
create or replace function pgq.maint_rotate_tables_step1(i_queue_name text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    q record;
    lowest record;
    next_nr integer;
    next_table text;
    newest_txid bigint;
begin
    perform pgq.require_read_committed('pgq.maint_rotate_tables_step1()');
    select * into q from pgq.queue
        where queue_name = i_queue_name
            and queue_rotation_period is not null
            and queue_switch_step2 is not null
            and queue_switch_time + queue_rotation_period < current_timestamp
        for no key update skip locked;
    if not found then
        return 0;
    end if;
    if txid_current() < q.queue_switch_step1 then
        raise exception 'queue % maint failure: step1=%, current=%',
                i_queue_name, q.queue_switch_step1, txid_current();
    end if;

    lock table pgq.subscription in access share mode;
    select p.tick_id, p.has_consumer, txid_snapshot_xmin(t.tick_snapshot) as xmin into lowest
        from (
            select coalesce(min(s.sub_last_tick), (select max(tick_id) from pgq.tick where tick_queue = q.queue_id)),
                count(*) > 0
            from pgq.subscription s where s.sub_queue = q.queue_id
        ) p (tick_id, has_consumer)
            left join pgq.tick t on t.tick_queue = q.queue_id and t.tick_id = p.tick_id;
    if lowest.has_consumer and lowest.xmin is null then
        raise exception 'queue % maint failure: tick % not found', i_queue_name, lowest.tick_id;
    end if;
    if lowest.has_consumer and lowest.xmin <= q.queue_switch_step2 then
        return 0;
    end if;

    next_nr := (q.queue_cur_table + 1) % q.queue_ntables;
    next_table := format('%s_%s', q.queue_data_pfx, next_nr);
    begin
        execute format('lock table %s nowait', next_table);
        execute format('select max(ev_txid) from %s', next_table) into newest_txid;
        if newest_txid >= lowest.xmin then
            -- Rolls this block back, which releases the table.
            raise lock_not_available;
        end if;
        execute format('truncate %s', next_table);
    exception when lock_not_available then
        return 0;
    end;

    update pgq.queue
        set queue_cur_table = next_nr,
            queue_switch_time = current_timestamp,
            queue_switch_step1 = txid_current(),
            queue_switch_step2 = null
        where queue_id = q.queue_id;

    -- A tick stays as long as all events after it do: a consumer can be moved back to any tick that is there.
    delete from pgq.tick
        where tick_queue = q.queue_id
            and txid_snapshot_xmin(tick_snapshot) < greatest(q.queue_switch_step2, newest_txid + 1)
            and tick_id < (select max(tick_id) from pgq.tick where tick_queue = q.queue_id);
    return 0;
end;
$$;
