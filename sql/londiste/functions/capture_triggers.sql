-- The triggers that the capture of a table needs, on itself and on its partitions, and how each is created.
--
-- Statement triggers: no WHEN, no UPDATE OF: a trigger that names a column makes the application's own ALTER of that
-- column fail. Row triggers have a WHEN without a column: it asks capture_K, which the server folds into the
-- statement's plan each time it begins one, whether the table is what the functions were generated for. Where it is not,
-- the trigger X fires instead; its name puts it behind the others, whose answer it takes. Those of a partitioned table are cloned by the server to each partition, also to one that
-- comes later; a TRUNCATE of one partition needs a trigger there, which maintenance adds. Their names hold the table's
-- oid, so that a table that brings triggers of ours along can be attached.
-- Called by: create_capture_triggers, capture_problems. Locks: none.
create or replace function londiste.capture_triggers(
    i_queue_id integer, i_table oid, i_capture text,
    out relation oid, out trigger_name text, out function_name text, out definition text)
returns setof record language sql stable set search_path = pg_catalog, pg_temp as $$
    select r.relation, n.name, f.name,
           format('create trigger %I %s on %s %s execute function %s()', n.name, t.event, r.relation::regclass,
                  replace(t.clauses, 'capture_K', londiste.capture_name(i_queue_id, i_table, 'K')), f.name)
      from pg_class c
      cross join (values
        ('statement', 'I', 'after insert', 'referencing new table as newtab for each statement'),
        ('statement', 'U', 'after update', 'referencing old table as oldtab new table as newtab for each statement'),
        ('statement', 'D', 'after delete', 'referencing old table as oldtab for each statement'),
        ('row', 'I', 'after insert', 'for each row when (capture_K())'),
        ('row', 'U', 'after update', 'for each row when (capture_K())'),
        ('row', 'D', 'after delete', 'for each row when (capture_K())'),
        ('row', 'X', 'after insert or update or delete', 'for each row when (not capture_K(true))'),
        (null, 'R', 'after truncate', 'for each statement'),
        ('partitioned', 'B', 'before truncate', 'for each statement'),
        ('partitioned', 'P', 'before truncate', 'for each statement')) as t (needed_for, op, event, clauses)
      cross join lateral (
        select i_table where t.op <> 'P'
         union all
        select p.relid from pg_partition_tree(i_table) p where t.op = 'P' and p.isleaf and p.relid <> i_table) as r (relation)
      cross join lateral (
        select case i_capture when 'statement' then format('londiste_%s_%s', i_queue_id, lower(t.op))
               else format('londiste_%s_%s_%s', i_queue_id, i_table, lower(t.op)) end) as n (name)
      cross join lateral (select londiste.capture_name(i_queue_id, i_table, t.op)) as f (name)
     where c.oid = i_table
       and (t.needed_for is null or t.needed_for = i_capture or t.needed_for = 'partitioned' and c.relkind = 'p')
$$;
