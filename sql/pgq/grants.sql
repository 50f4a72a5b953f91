-- Rights. Three roles of the cluster, where the installer may make roles: pgq_reader consumes, pgq_writer produces,
-- pgq_admin does both and administers. Without them everything works for the owner of the schema.

-- Roles belong to the cluster: an installer in another database may make the same one at this moment.
do $$
declare
    role text;
begin
    foreach role in array array['pgq_reader', 'pgq_writer', 'pgq_admin'] loop
        begin
            if not exists (select from pg_roles where rolname = role) then
                execute format('create role %I nologin', role);
                if role = 'pgq_admin' then
                    grant pgq_reader, pgq_writer to pgq_admin;
                end if;
            end if;
        exception
            when insufficient_privilege then
                raise notice 'role % is left out: this role may not create roles', role;
            when duplicate_object or unique_violation then
                null;
        end;
    end loop;
end;
$$;

revoke execute on all routines in schema pgq from public;
grant usage on schema pgq to public;
grant select on
    pgq.consumer, pgq.queue, pgq.tick, pgq.subscription, pgq.current_subscription, pgq.epoch, pgq.installation,
    pgq.queue_setting, pgq.own_setting, pgq.ticker_error
    to public;
grant execute on function
    pgq.version(), pgq.seq_getval(text), pgq.quote_fqname(text), pgq.lock_class(),
    pgq.get_queue_info(), pgq.get_queue_info(text),
    pgq.get_consumer_info(), pgq.get_consumer_info(text), pgq.get_consumer_info(text, text),
    pgq.get_stale_consumers(), pgq.get_stale_consumers(interval),
    pgq.get_batch_info(bigint), pgq.get_epoch(text, bigint), pgq.tick_channel(text), pgq.ticker_alive(),
    pgq.snapshot_contains(txid_snapshot, txid_snapshot)
    to public;

-- What the trigger functions call as whoever writes to a table: it only computes. That writer needs pgq.insert_event.
grant execute on function
    pgq.urlencode(text), pgq.urlencode_fields(text), pgq.urlencode_runs(text), pgq.percent_encode(text),
    pgq.equality_sql(regclass, text, oid), pgq.trigger_arguments(text[]),
    pgq.trigger_formats(pgq.trigger_layout, regclass, oid[]), pgq.read_trigger_layout(text[]),
    pgq.trigger_layout(), pgq.trigger_table(),
    pgq.row_fields(pgq.trigger_layout, anyelement, text), pgq.odd_row_data(pgq.trigger_layout, text[]),
    pgq.row_data(pgq.trigger_layout, text, text[], json),
    pgq.changed_columns(pgq.trigger_layout, integer[], anyelement, anyelement, text[], text[]),
    pgq.sql_data(pgq.trigger_layout, text, text, text[], text[], integer[]),
    pgq.json_event_type(pgq.trigger_layout, text, text, text), pgq.expression_sql(text, text, text[]),
    pgq.row_event(pgq.trigger_layout, text, text, text, anyelement, anyelement),
    pgq.truncate_event(pgq.trigger_layout, text, text)
    to public;

do $$
declare
    reading constant text[] := array[
        'register_consumer(text, text)', 'register_consumer_at(text, text, bigint)', 'unregister_consumer(text, text)',
        'next_batch(text, text)', 'next_batch_info(text, text)',
        'next_batch_custom(text, text, interval, integer, interval)', 'finish_batch(bigint)',
        'advance_consumer(text, text, bigint)',
        'batch_event_sql(bigint)', 'batch_event_tables(bigint)',
        'event_range_sql(integer, txid_snapshot, txid_snapshot, integer)',
        'get_batch_events(bigint)', 'get_batch_cursor(bigint, text, integer)',
        'get_batch_cursor(bigint, text, integer, text)',
        'event_retry(bigint, bigint, timestamptz)', 'event_retry(bigint, bigint, integer)',
        'batch_retry(bigint, integer)', 'force_tick(text)',
        'fetch_events(text, bigint)', 'events_retry(bigint, bigint[], integer[])',
        'event_dead(bigint, bigint, text)', 'events_dead(bigint, bigint[], text[], boolean)',
        'release_staged(bigint, bigint[], integer[], bigint[])', 'drop_staged(bigint)',
        'get_dead_events(text, text)', 'dead_retry(bigint)'];
    writing constant text[] := array[
        'insert_event(text, text, text)', 'insert_event(text, text, text, text, text, text, text)',
        'current_event_table(text)', 'logutriga()', 'jsontriga()', 'sqltriga()', 'logtriga()'];
    f text;
begin
    if to_regrole('pgq_reader') is not null then
        foreach f in array reading loop
            execute format('grant execute on function pgq.%s to pgq_reader', f);
        end loop;
        grant select on pgq.event_template to pgq_reader;
    end if;
    if to_regrole('pgq_writer') is not null then
        foreach f in array writing loop
            execute format('grant execute on function pgq.%s to pgq_writer', f);
        end loop;
    end if;
    if to_regrole('pgq_admin') is not null then
        grant execute on all routines in schema pgq to pgq_admin;
        grant select, insert, truncate on pgq.event_template to pgq_admin;
        grant select on pgq.dead_letter to pgq_admin;
        grant select, insert, update, delete
            on pgq.consumer, pgq.queue, pgq.tick, pgq.subscription, pgq.retry_queue to pgq_admin;
    end if;
end;
$$;

-- Queues that were made before the roles were, or by an older version.
do $$
begin
    perform pgq.grant_perms(q.queue_name) from pgq.queue q;
end;
$$;
