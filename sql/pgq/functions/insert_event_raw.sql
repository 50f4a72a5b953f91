-- Writes an event with every field given, into the current event table, and returns its id. Null ev_id and ev_time
-- stand for the next id and the time of the transaction.
--
-- A value is drawn from the event sequence even when the id is given: the ticker counts by the sequence, and would not
-- notice a retried event otherwise.
--
-- Which table is current is known only now, so the INSERT is parsed and planned each time: half of what an event costs.
-- So its text is short, in the order of the columns of pgq.event_template, and everything else an expression that
-- PL/pgSQL evaluates without the planner.
--
-- Called by: pgq.insert_event, pgq.maint_retry_events, and whoever copies a queue.
create or replace function pgq.insert_event_raw(
    queue_name text, ev_id bigint, ev_time timestamptz, ev_owner integer, ev_retry integer,
    ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text
) returns bigint
language plpgsql
as $$
declare
    v_queue_id integer;
    v_is_closed boolean;
    v_limit integer;
    v_table text;
    v_sequence text;
    v_counter text;
    v_count integer;
    v_txid bigint;
    v_id bigint;
begin
    select q.queue_id, q.queue_disable_insert, q.queue_per_tx_limit,
            q.queue_data_pfx || '_' || q.queue_cur_table, q.queue_event_seq
        into v_queue_id, v_is_closed, v_limit, v_table, v_sequence
        from pgq.queue q where q.queue_name = insert_event_raw.queue_name;
    if v_queue_id is null then
        if queue_name is null then
            raise exception 'Queue name must not be NULL';
        end if;
        raise exception 'No such queue';
    end if;
    if v_is_closed and current_setting('session_replication_role') <> 'replica' then
        raise exception 'Insert into queue disallowed';
    end if;

    -- Of the application's events: those that come back from the retry queue have an owner.
    -- The count lives in a setting of the transaction: it ends with it, and a rolled back savepoint takes its part back.
    if v_limit is not null and insert_event_raw.ev_owner is null then
        v_counter := 'pgq.tx_events_' || v_queue_id;
        v_count := coalesce(nullif(current_setting(v_counter, true), ''), '0')::integer + 1;
        if v_count > v_limit then
            raise exception 'Queue ''%'' allows max % events from one TX', queue_name, v_limit;
        end if;
        perform set_config(v_counter, v_count::text, true);
    end if;

    -- First our transaction id, then the event's: a tick that counts the event then knows of its transaction.
    v_txid := txid_current();
    v_id := nextval(v_sequence::regclass);
    v_id := coalesce(ev_id, v_id);
    execute 'insert into ' || v_table || ' values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)'
        using v_id, coalesce(ev_time, now()), v_txid, ev_owner, ev_retry,
            ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4;
    return v_id;
end;
$$;
