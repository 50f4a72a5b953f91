-- Locks tables for writing until the end of the transaction, so that none of them is altered meanwhile, and returns a
-- signature of each: as long as it is the same, so are the table, its columns, and what constrains or fires there. Null
-- for one that does not exist; `problem` and `problem_sqlstate` for one that cannot be locked for writing at all.
-- Called by: replay and copier, before they write to the tables. Locks: the tables, in the order of their names.
create or replace function londiste.lock_targets(i_table_names text[])
returns table (table_name text, signature text, problem text, problem_sqlstate text)
language plpgsql as $$
declare
    v_oid oid;
begin
    for table_name in select n from unnest(i_table_names) n order by n loop
        v_oid := to_regclass(table_name);
        signature := null;
        problem := null;
        problem_sqlstate := null;
        if v_oid is not null then
            begin
                execute format('lock table only %s in row exclusive mode', table_name);
                select concat_ws(' ', v_oid,
                           (select string_agg(concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated, a.attidentity), ','
                                              order by a.attnum)
                              from pg_catalog.pg_attribute a
                             where a.attrelid = v_oid and a.attnum > 0 and not a.attisdropped),
                           (select string_agg(i.indexrelid::text, ',' order by i.indexrelid)
                              from pg_catalog.pg_index i where i.indrelid = v_oid and (i.indisunique or i.indisexclusion)),
                           (select string_agg(t.relid::oid::text, ',' order by t.relid::oid)
                              from pg_catalog.pg_partition_tree(v_oid) t),
                           (select string_agg(g.oid::text, ',' order by g.oid)
                              from pg_catalog.pg_trigger g where g.tgrelid = v_oid and g.tgenabled = 'O'),
                           (select string_agg(r.oid || r.ev_enabled::text, ',' order by r.oid)
                              from pg_catalog.pg_rewrite r where r.ev_class = v_oid),
                           exists (select from pg_catalog.pg_constraint k where k.confrelid = v_oid and k.contype = 'f'))
                  into signature;
            exception
                when insufficient_privilege or wrong_object_type then
                    problem := sqlerrm;
                    problem_sqlstate := sqlstate;
                when lock_not_available then
                    raise exception 'table % is locked by another session', table_name using errcode = 'lock_not_available';
            end;
        end if;
        return next;
    end loop;
end
$$;
