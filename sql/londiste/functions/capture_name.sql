-- The name of a table's capture function for one kind of statement: I, U, D, or R for TRUNCATE.
-- Called by: create_capture, create_capture_triggers, drop_capture. Locks: none.
create or replace function londiste.capture_name(i_queue_id integer, i_table oid, i_op text)
returns text language sql immutable as $$
    select format('londiste.capture_%s_%s_%s', i_queue_id, i_table, lower(i_op))
$$;
