-- A digest of a table's capture functions as they are: another one when somebody has changed or dropped one.
-- Called by: create_capture, which records it; capture_problems. Locks: none.
create or replace function londiste.capture_digest(i_queue_id integer, i_table oid)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select md5(string_agg(format('%s %s %s', o.op, f.prosecdef, f.prosrc), ' ' order by o.op))
      from unnest('{I,U,D,R,X,B,P,K}'::text[]) as o (op)
      join pg_proc f on f.oid = to_regproc(londiste.capture_name(i_queue_id, i_table, o.op))
$$;
