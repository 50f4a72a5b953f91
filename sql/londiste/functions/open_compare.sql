-- Makes this session the one that compares a subscription, for as long as it lives. Returns null then, else who does already.
-- Called by: compare. Locks: a session lock.
create or replace function londiste.open_compare(i_queue_name text, i_consumer_name text)
returns text language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_lock bigint := londiste.session_lock(i_queue_name, i_consumer_name, 'compare');
begin
    if pg_try_advisory_lock(v_lock) then
        return null;
    end if;
    return coalesce(londiste.lock_holder(v_lock), 'a session that is just ending');
end
$$;
