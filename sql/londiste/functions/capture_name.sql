-- The name of one of a table's generated functions: I, U, D, or R for TRUNCATE; with row triggers also X for rows of
-- a changed table, K which says whether it is unchanged, B before a TRUNCATE, P before one of a partition.
-- Called by: create_capture, create_capture_triggers, drop_capture. Locks: none.
create or replace function londiste.capture_name(i_queue_id integer, i_table oid, i_op text)
returns text language sql immutable as $$
    select format('londiste.capture_%s_%s_%s', i_queue_id, i_table, lower(i_op))
$$;
