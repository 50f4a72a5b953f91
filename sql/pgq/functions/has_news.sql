-- Whether a tick now would bring a queue's consumers events that the last tick did not. i_drawn: event ids have been
-- drawn since then. Without it only transactions that ran at the last tick can have brought any.
--
-- The naive test, that ids have been drawn, is true too early and false too late: an id is drawn some milliseconds
-- before its transaction commits. A tick in between makes an empty batch, in whose way the event then stands, and when
-- the event comes no id is drawn any more: it would wait for the next idle tick, up to a minute.
--
-- So: the transactions that have committed since the last tick, and whether one of them wrote events. Running ones are
-- not looked for and aborted ones neither: their rows may be millions, all to be passed over. When there are many the
-- queue is taken to have news; that costs an empty batch at worst.
--
-- Tables without statistics would be scanned from their beginning; the index knows at once.
--
-- Called by: pgq.ticker, where the view pgq.tick_due says that it depends on news.
create or replace function pgq.has_news(i_queue_id integer, i_last txid_snapshot, i_drawn boolean) returns boolean
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
    most_probed constant bigint := 64;
    here txid_snapshot := txid_current_snapshot();
    newer bigint := txid_snapshot_xmax(here) - txid_snapshot_xmax(i_last);
    committed bigint[];
    events text;
    found_one boolean;
begin
    if newer < 0 or (i_drawn and newer > most_probed) then
        return true;
    end if;
    select array_agg(x) into committed
        from (
            select txid_snapshot_xip(i_last)
            union all
            select generate_series(txid_snapshot_xmax(i_last), txid_snapshot_xmax(here) - 1) where i_drawn
        ) since (x)
        where txid_visible_in_snapshot(x, here) and coalesce(txid_status(x), 'committed') = 'committed';
    if committed is null then
        return false;
    end if;

    for events in
        select format('%s_%s', q.queue_data_pfx, (q.queue_cur_table + n) % q.queue_ntables)
        from pgq.queue q cross join generate_series(0, q.queue_ntables - 1) n
        where q.queue_id = i_queue_id
        order by n
    loop
        execute format('select exists (select from %s where ev_txid = any ($1))', events) into found_one using committed;
        if found_one then
            return true;
        end if;
    end loop;
    return false;
exception when others then
    -- The ticker meets the fault itself and can say so.
    return true;
end;
$$;
