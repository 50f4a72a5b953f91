-- The tables that maintenance should vacuum: none where autovacuum runs.
-- Called by: pgq.maint_operations.
create or replace function pgq.maint_tables_to_vacuum() returns setof text
language sql stable
as $$
    select format('%I.%I', n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where not (current_setting('autovacuum')::boolean and current_setting('track_counts')::boolean)
        and c.relkind = 'r'
        and (
            n.nspname = 'pgq'
                and c.relname in ('subscription', 'consumer', 'queue', 'tick', 'retry_queue', 'epoch')
            or n.nspname in ('pgq_ext', 'pgq_node', 'londiste')
        )
    order by 1;
$$;
