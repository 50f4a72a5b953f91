-- Opens a cursor over the events of a batch and returns the first i_quick_limit of them. The caller fetches the rest
-- and closes it; it ends with the transaction. A null batch, name or limit: no cursor, no rows.
--
-- i_extra_where is a condition over the columns of the result, in SQL. It is put into the query as it is, so this
-- function must never be a security definer: whatever stands there has the caller's own rights, and no more.
create or replace function pgq.get_batch_cursor(
    in i_batch_id bigint, in i_cursor_name text, in i_quick_limit integer, in i_extra_where text,
    out ev_id bigint, out ev_time timestamptz, out ev_txid bigint, out ev_retry integer, out ev_type text,
    out ev_data text, out ev_extra1 text, out ev_extra2 text, out ev_extra3 text, out ev_extra4 text
) returns setof record
language plpgsql
as $$
declare
    events text;
begin
    if i_batch_id is null or i_cursor_name is null or i_quick_limit is null then
        return;
    end if;
    events := pgq.batch_event_sql(i_batch_id);
    if i_extra_where is not null then
        -- On a line of its own: it may end in a comment.
        events := format(E'select * from (%s) e where (%s\n) order by 1', events, i_extra_where);
    end if;
    execute format('declare %I no scroll cursor for %s', i_cursor_name, events);
    if i_quick_limit > 0 then
        return query execute format('fetch %s from %I', i_quick_limit, i_cursor_name);
    end if;
end;
$$;

create or replace function pgq.get_batch_cursor(
    in i_batch_id bigint, in i_cursor_name text, in i_quick_limit integer,
    out ev_id bigint, out ev_time timestamptz, out ev_txid bigint, out ev_retry integer, out ev_type text,
    out ev_data text, out ev_extra1 text, out ev_extra2 text, out ev_extra3 text, out ev_extra4 text
) returns setof record
language sql
as $$
    select * from pgq.get_batch_cursor(i_batch_id, i_cursor_name, i_quick_limit, null);
$$;
