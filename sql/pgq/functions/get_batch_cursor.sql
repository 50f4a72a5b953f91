-- Opens a cursor over the events of a batch and returns the first i_quick_limit of them. The caller fetches the rest
-- and closes it; it ends with the transaction. Any null: no cursor, no rows.
create or replace function pgq.get_batch_cursor(
    in i_batch_id bigint, in i_cursor_name text, in i_quick_limit integer,
    out ev_id bigint, out ev_time timestamptz, out ev_txid bigint, out ev_retry integer, out ev_type text,
    out ev_data text, out ev_extra1 text, out ev_extra2 text, out ev_extra3 text, out ev_extra4 text
) returns setof record
language plpgsql
as $$
begin
    if i_batch_id is null or i_cursor_name is null or i_quick_limit is null then
        return;
    end if;
    execute format('declare %I no scroll cursor for %s', i_cursor_name, pgq.batch_event_sql(i_batch_id));
    if i_quick_limit > 0 then
        return query execute format('fetch %s from %I', i_quick_limit, i_cursor_name);
    end if;
end;
$$;
