-- Drops indexes, and the constraints that own them, each with those of the partitions that it is made of; returns those that are gone.
-- What others depend on stays: a key that foreign keys reference or a view groups by. So does what has checks of its own
-- ahead of it, or needs more locks than the server has.
-- Called by: clear_target, take_off_indexes, which know how to make them again. Locks: the indexes' tables.
create or replace function londiste.drop_indexes(i_indexes text[]) returns text[] language plpgsql as $$
declare
    v_one record;
    v_gone text[] := '{}';
begin
    for v_one in
        select u.index_name, i.indrelid::regclass as relation, k.conname
          from unnest(i_indexes) u (index_name)
          join pg_catalog.pg_index i on i.indexrelid = u.index_name::regclass
          left join pg_catalog.pg_constraint k
            on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
         order by u.index_name
    loop
        begin
            execute case when v_one.conname is null then format('drop index %s restrict', v_one.index_name)
                else format('alter table %s drop constraint %I restrict', v_one.relation, v_one.conname) end;
            v_gone := v_gone || v_one.index_name;
        exception
            when dependent_objects_still_exist or insufficient_privilege or feature_not_supported or wrong_object_type
                 or invalid_table_definition or object_in_use or out_of_memory
                 -- As an event trigger does that lets nobody drop anything.
                 or raise_exception then
        end;
    end loop;
    return v_gone;
end
$$;
