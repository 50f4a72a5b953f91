-- The bodies of all trigger functions that the capture of a table needs, by op as in capture_name.
-- Called by: create_capture. Locks: none.
create or replace function londiste.capture_bodies(i_table londiste.provider_table, i_event_tables integer)
returns table (op text, body text) language sql stable set search_path = pg_catalog, pg_temp as $$
    select o.op, case i_table.capture when 'row' then londiste.capture_row_body(o.op, i_table, i_event_tables)
                                      else londiste.capture_body(o.op, i_table, i_event_tables) end
      from unnest('{I,U,D}'::text[]) as o (op)
    union all
    select 'X', londiste.capture_row_changed(i_table) where i_table.capture = 'row'
    union all
    select 'R', londiste.capture_truncate_body('R', i_table)
    union all
    select t.op, t.body
      from pg_class c
      cross join lateral (values
        ('B', format('begin perform set_config(%L, ''on'', true); return null; end',
                     format('londiste.truncate%s_%s', i_table.queue_id, i_table.table_oid))),
        ('P', londiste.capture_truncate_body('P', i_table))) as t (op, body)
     where c.oid = i_table.table_oid and c.relkind = 'p'
$$;
