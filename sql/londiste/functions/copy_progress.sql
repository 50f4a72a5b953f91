-- How far the copies of a subscription are, a row for each table that is not `ok`: its ranges (one where it is copied whole)
-- and how many have landed, rows that have landed and rows that are on their way; while indexes are built the one that
-- is, its phase and the fraction of that phase, and how many are still to come. `shadow`: the table that it goes to in place of its
-- own.
-- Called by: copy status, copy watch, on the subscriber. Locks: none.
create or replace function londiste.copy_progress(
    i_queue_name text, i_consumer_name text,
    out table_name text, out state text, out paused boolean, out error text, out ranges bigint, out ranges_done bigint, out rows_done bigint,
    out rows_under_way bigint, out index_name text, out index_phase text, out index_fraction float8,
    out indexes_missing bigint, out shadow text)
returns setof record language sql stable as $$
    select t.table_name, t.state, t.copy_paused, t.error, r.ranges, r.done, r.copied_rows, c.tuples, b.name, b.phase, b.fraction,
           (select count(*) from londiste.missing_definitions(i_queue_name, i_consumer_name, t.table_name) d where not d.has_index),
           case when t.copy_mode = 'shadow' then londiste.landing_table(t) end
      from londiste.table_state t
      cross join lateral (
            select count(*) as ranges, count(*) filter (where x.state = 'done') as done,
                   coalesce(sum(x.copied_rows), 0)::bigint as copied_rows
              from londiste.copy_range x
             where x.queue_name = t.queue_name and x.consumer_name = t.consumer_name and x.table_name = t.table_name) r
      cross join lateral (
            select coalesce(sum(p.tuples_processed), 0)::bigint as tuples
              from pg_catalog.pg_stat_progress_copy p
             where p.relid = to_regclass(londiste.landing_table(t)) and p.command = 'COPY FROM') c
      left join lateral (
            -- An index that is being built is in nobody's catalogue but its builder's.
            select substring(a.query from '(?i)create (?:unique )?index ("(?:[^"]|"")+"|\S+) on ') as name, p.phase,
                   case when p.blocks_total > 0 and p.blocks_done < p.blocks_total then p.blocks_done::float8 / p.blocks_total
                        when p.tuples_total > 0 then p.tuples_done::float8 / p.tuples_total end as fraction
              from pg_catalog.pg_stat_progress_create_index p
              left join pg_catalog.pg_stat_activity a on a.pid = p.pid
             where p.relid = to_regclass(londiste.landing_table(t))
                or p.relid in (select l.relid from pg_catalog.pg_partition_tree(to_regclass(londiste.landing_table(t))) l)
             order by p.pid limit 1) b on true
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.state <> 'ok'
     order by t.nr
$$;
