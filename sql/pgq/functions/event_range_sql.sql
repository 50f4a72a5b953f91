-- A query for the events of a queue that i_to sees and i_from does not, in no order: those of everybody, and with an
-- i_owner also those that this consumer (sub_id) wanted to see again.
--
-- The naive query scans ev_txid from xmin(i_from) to xmax(i_to). One transaction that was open at i_from for hours makes
-- that range hours long, in every batch. But what lies below xmax(i_from) and is still wanted are exactly the
-- transactions that ran at i_from and no longer at i_to, and those are listed in the snapshots. So:
-- 1. scan from xmax(i_from) only, and check each event against both snapshots;
-- 2. widen the range downwards over such transactions as long as the next one is less than 100 away;
-- 3. fetch the others by name. They are right by construction and need no check; some were rolled back and have no rows.
--
-- Nothing gathers statistics of event tables, so the planner expects many rows and would start parallel workers, which
-- takes 10 ms where reading takes 0.1. A function that may not run in a worker keeps it from that.
--
-- Called by: pgq.batch_event_sql, londiste.event_range_sql.
create or replace function pgq.event_range_sql(
    i_queue_id integer, i_from txid_snapshot, i_to txid_snapshot, i_owner integer
) returns text
language plpgsql
as $$
declare
    columns constant text := 'ev_id, ev_time, ev_txid, ev_retry, ev_type, ev_data, '
        'ev_extra1, ev_extra2, ev_extra3, ev_extra4';
    q record;
    xid bigint;
    range_start bigint := txid_snapshot_xmax(i_from);
    singles bigint[] := '{}';
    no_worker constant text := 'pg_my_temp_schema() >= 0';
    owners text := case
        when i_owner is null then 'ev_owner is null'
        else format('(ev_owner is null or ev_owner = %s)', i_owner)
    end;
    condition text;
begin
    select queue_data_pfx, queue_ntables into q from pgq.queue where queue_id = i_queue_id;
    if not found then
        raise exception 'No such event queue';
    end if;

    for xid in
        select x from txid_snapshot_xip(i_from) x
        where txid_visible_in_snapshot(x, i_to)
        order by x desc
    loop
        if xid >= range_start - 100 then
            range_start := xid;
        else
            singles := singles || xid;
        end if;
    end loop;

    condition := format(
        'ev_txid >= %s and ev_txid < %s '
        'and txid_visible_in_snapshot(ev_txid, %L) and not txid_visible_in_snapshot(ev_txid, %L) and %s and %s',
        range_start, txid_snapshot_xmax(i_to), i_to, i_from, owners, no_worker);
    return (
        select string_agg(format('select %s from %s_%s where %s', columns, q.queue_data_pfx, n, part), ' union all '
                order by n, part)
        from generate_series(0, q.queue_ntables - 1) n
            cross join unnest(array[
                condition,
                case when singles <> '{}' then
                    format('ev_txid in (%s) and %s and %s', array_to_string(singles, ', '), owners, no_worker)
                end]) part
        where part is not null
    );
end;
$$;
