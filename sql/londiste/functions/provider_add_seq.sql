-- Puts a sequence into the set of a queue. Called by: londiste provider add-seq. Returns 1, or 0 when it is there
-- already.
-- Locks: none beyond the new row.
create or replace function londiste.provider_add_seq(i_queue_name text, i_seq_name text)
returns integer language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_rel record;
begin
    perform londiste.queue_id(i_queue_name);
    select * into v_rel from londiste.find_relation(i_seq_name);
    if v_rel.relation is null then
        raise exception 'no such sequence: %', v_rel.relation_name
            using errcode = 'undefined_table',
                  hint = 'write the name as SCHEMA.NAME, with double quotes where it has capitals';
    elsif v_rel.kind <> 'S' then
        raise exception '% is no sequence', v_rel.relation_name
            using errcode = 'wrong_object_type', hint = format('londiste CONFIG provider add %s', v_rel.relation_name);
    elsif v_rel.persistence = 't' or v_rel.schema_name in ('pgq', 'londiste') then
        raise exception 'sequence % is temporary or belongs to the queue itself', v_rel.relation_name
            using errcode = 'feature_not_supported', hint = 'add sequences of the application only';
    elsif not has_sequence_privilege(v_rel.relation, 'select') then
        raise exception 'role % may not read sequence %', current_user::regrole, v_rel.relation_name
            using errcode = 'insufficient_privilege',
                  hint = format('grant select on sequence %s to %s', v_rel.relation_name, current_user::regrole);
    end if;
    insert into londiste.provider_seq (queue_name, seq_name, seq_oid)
    values (i_queue_name, v_rel.relation_name, v_rel.relation)
    on conflict do nothing;
    return case when found then 1 else 0 end;
end
$$;
