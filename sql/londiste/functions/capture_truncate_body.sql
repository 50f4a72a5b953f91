-- The body of a table's capture function for TRUNCATE (i_op R) or for that of one of its partitions (P), as text. What lies in
-- the rows or in the filter costs the events, never the application's TRUNCATE.
-- Called by: capture_bodies. Locks: none.
create or replace function londiste.capture_truncate_body(i_op text, i_table londiste.provider_table)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select format($body$
declare
    cur integer := (select q.queue_cur_table from pgq.queue q where q.queue_id = %1$s);
begin
    if cur is not null then
        %2$s
    end if;
    return null;
end
$body$,
        i_table.queue_id,
        londiste.announce_lost(
            case i_op
                when 'R' then
                    format('perform londiste.capture_truncate(%s, %L, %L, %L);', v.of_table,
                           londiste.row_of_table(i_table.table_oid, l.columns) || '::text', i_table.replica_identity, i_table.row_filter)
                else
                    format('perform londiste.capture_partition_truncate(%s, %L, %L, %L, tg_relid);', v.of_table,
                           i_table.key_columns, i_table.replica_identity, i_table.row_filter)
            end,
            i_table.queue_id, i_table.table_name))
      from londiste.table_layout(i_table.table_oid, i_table.replica_identity) l
      cross join format('%s, %s, %L, %L, %L', i_table.queue_id, i_table.table_oid, i_table.table_name, i_table.layout_id,
                        i_table.layout_signature) as v (of_table)
$$;
