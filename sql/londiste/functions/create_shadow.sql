-- Makes the shadow of a table anew, empty: a table of ours with the columns i_columns of the one that it is for, of the same types, with
-- i_key for its primary key and nothing else; the copier gathers its statistics. Nobody but the owner of schema londiste gets at it.
-- Called by: the copier, before rows land. Locks: the shadow; then the position row. Returns false when the table is not in
-- `copying` any more, or its copy is to go elsewhere, and then the caller rolls back. Raises LD001 when the caller was replaced.
create or replace function londiste.create_shadow(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint, i_columns text[], i_key text[])
returns boolean language plpgsql as $$
declare
    v_table londiste.table_state;
    v_shadow text;
begin
    select * into v_table
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    if not found or v_table.copy_mode <> 'shadow' then
        return false;
    end if;
    v_shadow := londiste.landing_table(v_table);
    if to_regclass(v_shadow) is not null then
        execute format('drop table %s', v_shadow);
    end if;
    execute format('create table %s with (autovacuum_enabled = off, toast.autovacuum_enabled = off) as select %s from %s with no data', v_shadow,
                   (select string_agg(quote_ident(u.name), ', ' order by u.nr) from unnest(i_columns) with ordinality u (name, nr)),
                   coalesce(v_table.dest_table, v_table.table_name));
    execute format('alter table %s add primary key (%s)', v_shadow,
                   (select string_agg(quote_ident(u.name), ', ' order by u.nr) from unnest(i_key) with ordinality u (name, nr)));

    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    return exists (
        select from londiste.table_state t
         where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
           and t.state = 'copying' and t.copy_mode = 'shadow');
end
$$;
