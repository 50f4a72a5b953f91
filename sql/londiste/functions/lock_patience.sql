-- How long to wait for a lock on a table of the application, in milliseconds: while we wait, its writers queue up behind us.
-- Autovacuum gives way, but only to who has waited for deadlock_timeout; to wait less would be to wait for its end.
-- Called by: provider_add_table, provider_remove_table. Locks: none.
create or replace function londiste.lock_patience()
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select greatest(1000, least(s.setting::integer + 250, 5000))::text from pg_settings s where s.name = 'deadlock_timeout'
$$;
