-- Raises when changes of a relation cannot be captured, saying why and what to do about it. Returns how they can be: by
-- statement triggers, or by row triggers where i_capture says so or only those see every write.
-- Called by: provider_add_table, under the table's lock. Locks: none.
create or replace function londiste.check_capturable(
    i_name text, i_capture text default null, i_identity text default 'default')
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_rel record;
    v_what text;
    v_member record;
    v_needs_rows text;
    v_fault record;
begin
    select * into v_rel from londiste.find_relation(i_name);
    v_what := case v_rel.kind
        when 'r' then null when 'p' then null when 'v' then 'view' when 'm' then 'materialized view'
        when 'f' then 'foreign table' when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index'
        when 'c' then 'type' else 'relation of another kind' end;
    if v_what is not null then
        raise exception '% is a %: only tables can be replicated', v_rel.relation_name, v_what
            using errcode = 'feature_not_supported', hint = case v_rel.kind
                when 'S' then format('londiste CONFIG provider add-seq %s', v_rel.relation_name)
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
    for v_member in
        select c.oid::regclass as name, c.relkind, c.relpersistence
          from pg_class c where c.oid = any (londiste.members(v_rel.relation)) order by c.oid
    loop
        if v_member.relkind = 'f' then
            raise exception 'partition % of table % is a foreign table: what is written there cannot be captured',
                  v_member.name, v_rel.relation_name
                using errcode = 'feature_not_supported',
                      hint = format('alter table %s detach partition %s', v_rel.relation_name, v_member.name);
        elsif v_member.relpersistence <> 'p' then
            raise exception 'partition % of table % is unlogged or temporary: it loses rows without an event',
                  v_member.name, v_rel.relation_name
                using errcode = 'feature_not_supported', hint = format('alter table %s set logged', v_member.name);
        end if;
    end loop;
    v_needs_rows := case
        when v_rel.kind = 'p' or exists (select from pg_class c where c.oid = v_rel.relation and c.relispartition)
            then 'statement triggers do not see what is written through another table of its partition tree'
        when exists (select from pg_inherits i where v_rel.relation in (i.inhrelid, i.inhparent))
            then 'statement triggers do not see what is written through another table of its inheritance tree'
        when londiste.is_written_by_replication(v_rel.relation)
            then 'native logical replication writes to it, which fires no statement triggers' end;
    if i_capture = 'statement' and v_needs_rows is not null then
        raise exception 'table % cannot be captured by statement: %', v_rel.relation_name, v_needs_rows
            using errcode = 'feature_not_supported',
                  hint = format('londiste CONFIG provider add %s --capture row', v_rel.relation_name);
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
    if not exists (select from pg_attribute a where a.attrelid = v_rel.relation and a.attnum > 0 and not a.attisdropped) then
        raise exception 'table % has no columns', v_rel.relation_name
            using errcode = 'feature_not_supported', hint = format('alter table %s add column ...', v_rel.relation_name);
    elsif (londiste.table_key(v_rel.relation, i_identity)).key_columns is null then
        select * into v_fault from londiste.key_fault(v_rel.relation, v_rel.relation_name, i_identity);
        raise exception 'table % has no usable %', v_rel.relation_name, concat_ws(': ',
              case when i_identity like 'index %' then format('index %I', substr(i_identity, 7)) else 'key' end, v_fault.reason)
            using errcode = 'object_not_in_prerequisite_state',
                  hint = v_fault.fix || case when i_identity like 'index %' then '' else
                      format('; else provider add %s --insert-only where rows are never updated or deleted, or --full-row, '
                             'for which a subscriber scans the table to find a row', v_rel.relation_name) end;
    end if;
    return coalesce(i_capture, case when v_needs_rows is null then 'statement' else 'row' end);
end
$$;
