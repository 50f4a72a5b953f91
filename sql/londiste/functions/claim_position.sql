-- Makes this session the one that serves a subscription, for as long as the session lives, and raises the fence, unless
-- it still is `i_fence`, the caller's own from an earlier session. When another live session serves the subscription,
-- nothing changes, `fence` is null, `holder` says who that is, and `replaced` whether it came after the caller.
-- Called by: replay when it starts and after each reconnect.
-- Locks: a session lock of the position (a row lock would have to be held by a transaction that never ends), then the
-- row: a predecessor whose connection is dead may still hold that one until the server notices.
create or replace function londiste.claim_position(
    i_queue_name text, i_consumer_name text, i_fence bigint,
    out fence bigint, out holder text, out replaced boolean)
language plpgsql as $$
declare
    v_lock bigint := londiste.session_lock(i_queue_name, i_consumer_name, 'position');
begin
    if not pg_try_advisory_lock(v_lock) then
        holder := coalesce(londiste.lock_holder(v_lock), 'a session that is just ending');
        replaced := exists (
            select from londiste.position p
             where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name and p.fence > i_fence);
        return;
    end if;

    update londiste.position p
       set fence = case when p.fence = i_fence then p.fence else p.fence + 1 end
     where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name
    returning p.fence into fence;

    if not found then
        perform pg_advisory_unlock(v_lock);
        raise exception 'no subscription of consumer % to queue % here', i_consumer_name, i_queue_name
            using errcode = '55000', hint = 'run: londiste ... subscriber install';
    end if;
end
$$;
