-- Writes an event with every field given, into the current event table, and returns its id. Null ev_id and ev_time
-- stand for the next id and the time of the transaction.
--
-- A value is drawn from the event sequence even when the id is given: the ticker counts by the sequence, and would not
-- notice a retried event otherwise.
--
-- Called by: pgq.insert_event, pgq.maint_retry_events, and whoever copies a queue.
create or replace function pgq.insert_event_raw(
    queue_name text, ev_id bigint, ev_time timestamptz, ev_owner integer, ev_retry integer,
    ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text
) returns bigint
language plpgsql
as $$
#variable_conflict use_column
declare
    q record;
    new_id bigint;
    counter text;
    count integer;
begin
    if insert_event_raw.queue_name is null then
        raise exception 'Queue name must not be NULL';
    end if;
    select * into q from pgq.queue where queue_name = insert_event_raw.queue_name;
    if not found then
        raise exception 'No such queue';
    end if;
    if q.queue_disable_insert and current_setting('session_replication_role') <> 'replica' then
        raise exception 'Insert into queue disallowed';
    end if;

    -- The count lives in a setting of the transaction: it ends with it, and a rolled back savepoint takes its part back.
    if q.queue_per_tx_limit is not null then
        counter := 'pgq.tx_events_' || q.queue_id;
        count := coalesce(nullif(current_setting(counter, true), ''), '0')::integer + 1;
        if count > q.queue_per_tx_limit then
            raise exception 'Queue ''%'' allows max % events from one TX', q.queue_name, q.queue_per_tx_limit;
        end if;
        perform set_config(counter, count::text, true);
    end if;

    -- First our transaction id, then the event's: a tick that counts the event then knows of its transaction.
    perform txid_current();
    new_id := nextval(q.queue_event_seq::regclass);
    new_id := coalesce(insert_event_raw.ev_id, new_id);
    execute format(
        'insert into %s_%s (ev_id, ev_time, ev_owner, ev_retry, ev_type, ev_data,
            ev_extra1, ev_extra2, ev_extra3, ev_extra4)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
        q.queue_data_pfx, q.queue_cur_table)
    using new_id, coalesce(insert_event_raw.ev_time, now()), insert_event_raw.ev_owner, insert_event_raw.ev_retry,
        insert_event_raw.ev_type, insert_event_raw.ev_data, insert_event_raw.ev_extra1, insert_event_raw.ev_extra2,
        insert_event_raw.ev_extra3, insert_event_raw.ev_extra4;
    return new_id;
end;
$$;
