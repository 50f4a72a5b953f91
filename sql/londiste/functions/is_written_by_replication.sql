-- Whether a subscription of native logical replication writes to a table or one of its partitions: for what it applies
-- only row triggers fire that are enabled ALWAYS.
-- Called by: check_capturable, create_capture_triggers, capture_problems. Locks: none.
create or replace function londiste.is_written_by_replication(i_table oid)
returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (select from pg_subscription_rel s
                    where s.srrelid = i_table or s.srrelid = any (londiste.members(i_table)))
$$;
