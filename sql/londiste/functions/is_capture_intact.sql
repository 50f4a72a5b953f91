-- Whether the capture functions of a table are still what was generated for it, its layout being the same.
-- Called by: capture_problems, refresh_capture. Locks: none.
create or replace function londiste.is_capture_intact(i_table londiste.provider_table)
returns boolean language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select count(*) = 4
          from unnest(array['I', 'U', 'D', 'R']) as o (op)
          join pgq.queue q on q.queue_id = i_table.queue_id
          join pg_proc f on f.oid = to_regproc(londiste.capture_name(i_table.queue_id, i_table.table_oid, o.op))
                        and f.prosecdef
                        and f.prosrc = londiste.capture_body(o.op, i_table, q.queue_ntables));
end
$$;
