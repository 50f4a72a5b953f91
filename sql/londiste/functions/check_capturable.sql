-- Raises when changes of a relation cannot be captured, saying why and what to do about it.
-- Called by: provider_add_table, under the table's lock. Locks: none.
create or replace function londiste.check_capturable(i_name text)
returns void language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_rel record;
    v_what text;
begin
    select * into v_rel from londiste.find_relation(i_name);
    v_what := case v_rel.kind
        when 'r' then null when 'p' then 'partitioned table' when 'v' then 'view' when 'm' then 'materialized view'
        when 'f' then 'foreign table' when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index'
        when 'c' then 'type' else 'relation of another kind' end;
    if v_what is not null then
        raise exception '% is a %: only ordinary tables can be replicated', v_rel.relation_name, v_what
            using errcode = 'feature_not_supported', hint = case v_rel.kind
                when 'S' then format('londiste CONFIG provider add-seq %s', v_rel.relation_name)
                when 'p' then 'partitioned tables are not supported yet'
                else 'add the tables that it reads from instead' end;
    end if;
    if v_rel.schema_name in ('pgq', 'londiste', 'pg_catalog', 'information_schema') then
        raise exception 'table % belongs to schema % and cannot be replicated', v_rel.relation_name, v_rel.schema_name
            using errcode = 'feature_not_supported', hint = 'add tables of the application only';
    end if;
    if v_rel.persistence = 't' then
        raise exception 'table % is temporary: only its own session sees it', v_rel.relation_name
            using errcode = 'feature_not_supported', hint = 'add an ordinary table';
    end if;
    if v_rel.persistence = 'u' then
        raise exception 'table % is unlogged: a crash empties it without an event', v_rel.relation_name
            using errcode = 'feature_not_supported', hint = format('alter table %s set logged', v_rel.relation_name);
    end if;
    if exists (select from pg_inherits i where v_rel.relation in (i.inhrelid, i.inhparent)) then
        raise exception 'table % is a partition or a member of an inheritance tree', v_rel.relation_name
            using errcode = 'feature_not_supported',
                  hint = 'only tables that stand alone can be replicated: alter table … no inherit, or detach it';
    end if;
    if not pg_has_role(v_rel.owner, 'usage') then
        raise exception 'table % belongs to role %, so % may not drop a trigger that it puts there',
              v_rel.relation_name, v_rel.owner::regrole, current_user::regrole
            using errcode = 'insufficient_privilege',
                  hint = format('grant %s to %s', v_rel.owner::regrole, current_user::regrole);
    end if;
    if not has_table_privilege(v_rel.relation, 'select') or not has_table_privilege(v_rel.relation, 'trigger') then
        raise exception 'role % may not select from table % and put triggers on it', current_user::regrole,
              v_rel.relation_name
            using errcode = 'insufficient_privilege',
                  hint = format('grant select, trigger on %s to %s', v_rel.relation_name, current_user::regrole);
    end if;
    if (londiste.table_key(v_rel.relation)).key_index is null then
        raise exception 'table % has no usable key', v_rel.relation_name
            using errcode = 'object_not_in_prerequisite_state',
                  detail = 'A key is a primary key, or a unique index over NOT NULL columns, that is not deferrable.',
                  hint = format('alter table %s add primary key (COLUMN)', v_rel.relation_name);
    end if;
end
$$;
