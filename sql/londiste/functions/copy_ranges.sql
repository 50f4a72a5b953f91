-- The ranges of a table's copy in order. Called by: the copier. Locks: none.
create or replace function londiste.copy_ranges(i_queue_name text, i_consumer_name text, i_table_name text)
returns setof londiste.copy_range language sql stable as $$
    select *
      from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name
     order by r.nr
$$;
