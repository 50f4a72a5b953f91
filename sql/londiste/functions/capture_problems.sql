-- What keeps a table's changes from being captured wholly, in words that say what to do; an empty array when
-- nothing does.
-- Called by: refresh_capture. Locks: none.
create or replace function londiste.capture_problems(i_queue_id integer, i_table oid)
returns text[] language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_problems text[] := '{}';
    v_triggers integer;
begin
    if (londiste.table_key(i_table)).key_index is null then
        v_problems := v_problems || format(
            'it has no usable key any more; alter table %s add primary key (COLUMN)', i_table::regclass);
    end if;
    select count(*) into v_triggers from pg_trigger t
     where t.tgrelid = i_table and t.tgenabled in ('O', 'A')
       and t.tgname = any (select format('londiste_%s_%s', i_queue_id, o.op) from unnest('{i,u,d,r}'::text[]) as o (op));
    if v_triggers < 4 then
        v_problems := v_problems || 'capture triggers are missing or disabled, changes may be lost: remove the table, '
                      'add it again and resync it on the subscribers'::text;
    end if;
    if exists (select from pg_inherits i where i_table in (i.inhrelid, i.inhparent)) then
        v_problems := v_problems || 'it has become part of an inheritance or partition tree, whose other members are not '
                      'captured: remove the table from the set or from the tree'::text;
    end if;
    if not londiste.can_read(i_table) then
        v_problems := v_problems || format(
            'role %s cannot read all of it: grant select, and let row security not apply to that role',
            current_user::regrole);
    end if;
    return v_problems;
end
$$;
