-- Puts a table into the set of a queue: from the end of this transaction on every change of it is an event. i_capture is
-- 'statement' or 'row', or null for what suits the table; i_identity as in londiste.provider_table; i_filter a condition
-- that rows fit which are to be captured.
-- Called by: londiste provider add. Returns 1, or 0 when the table is in the set already.
-- Locks: the list of tables; SHARE ROW EXCLUSIVE on the table, for which it waits as long as lock_patience says (55P03: try
-- again), since the application's writes queue up behind it.
create or replace function londiste.provider_add_table(
    i_queue_name text, i_table_name text, i_capture text default null, i_identity text default 'default',
    i_filter text default null)
returns integer language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '1s' as $$
declare
    v_queue_id integer := londiste.queue_id(i_queue_name);
    v_rel record;
    v_known londiste.provider_table;
    v_capture text;
    v_filter text;
    v_relative record;
begin
    -- For this function alone: what is SET above is put back at its end.
    perform set_config('lock_timeout', londiste.lock_patience(), true);
    lock table londiste.provider_table in share row exclusive mode;
    select * into v_rel from londiste.find_relation(i_table_name);
    select * into v_known from londiste.provider_table p
     where p.queue_name = i_queue_name and (p.table_oid = v_rel.relation or p.table_name = v_rel.relation_name)
     order by p.table_oid = v_rel.relation desc limit 1;
    if v_rel.relation is null then
        raise exception 'no such table: %', v_rel.relation_name
            using errcode = 'undefined_table',
                  hint = 'create it first, or write the name as SCHEMA.NAME, with double quotes where it has capitals';
    elsif v_known.queue_id <> v_queue_id then
        -- Of an earlier queue of this name: its functions write nowhere.
        perform londiste.provider_remove_table(i_queue_name, v_known.table_name);
    elsif v_known.table_name = v_rel.relation_name and v_known.table_oid = v_rel.relation then
        return 0;
    elsif v_known.table_oid = v_rel.relation then
        raise exception 'table % is in the set of queue % already, as %',
              v_rel.relation_name, i_queue_name, v_known.table_name
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('the table was renamed; londiste CONFIG provider remove %s, then add it again',
                                v_known.table_name);
    elsif v_known.table_name is not null then
        raise exception 'table % is another one than the set of queue % has under this name',
              v_rel.relation_name, i_queue_name
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('it was dropped and created anew; londiste CONFIG provider remove %s, then add it again',
                                v_known.table_name);
    end if;

    -- Anything but a table is refused before the lock: on a view LOCK would go through to what it reads.
    perform londiste.check_capturable(i_table_name, i_capture, i_identity);
    execute format('lock table %s in share row exclusive mode', londiste.own_rows(v_rel.relation));
    v_capture := londiste.check_capturable(i_table_name, i_capture, i_identity);
    -- Under the lock: nothing is attached or detached meanwhile.
    select * into v_relative from londiste.set_relative(i_queue_name, v_rel.relation);
    if v_relative.is_above then
        raise exception 'table % is a partition of table %, with which the set of queue % captures it already',
              v_rel.relation_name, v_relative.table_name, i_queue_name
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('nothing to do; to have the partition alone: londiste CONFIG provider remove %s, then add %s',
                                v_relative.table_name, v_rel.relation_name);
    elsif v_relative.table_name is not null then
        raise exception 'table % cannot be in the set of queue % beside its partition %: both would capture each row of that one',
              v_rel.relation_name, i_queue_name, v_relative.table_name
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('londiste CONFIG provider remove %s, then add %s', v_relative.table_name, v_rel.relation_name);
    end if;
    if i_filter is not null then
        v_filter := londiste.check_filter(v_rel.relation, v_rel.relation_name, i_filter);
    end if;
    if londiste.current_layout(v_rel.relation, i_identity) = '?' then
        raise exception 'table % was changed while this transaction was open', v_rel.relation_name
            using errcode = 'object_not_in_prerequisite_state', hint = 'run this in a READ COMMITTED transaction';
    end if;
    insert into londiste.provider_table
           (queue_name, queue_id, table_name, table_oid, key_columns, layout_signature, layout_id,
            capture, replica_identity, row_filter, members)
    values (i_queue_name, v_queue_id, v_rel.relation_name, v_rel.relation, '{}', '', '',
            v_capture, i_identity, v_filter, londiste.members(v_rel.relation));
    perform londiste.create_capture(i_queue_name, v_rel.relation);
    perform londiste.create_capture_triggers(v_queue_id, v_rel.relation, v_capture);
    return 1;
end
$$;
