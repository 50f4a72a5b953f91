-- Puts a table into the set of a queue: from the end of this transaction on every change of it is an event.
-- Called by: londiste provider add. Returns 1, or 0 when the table is in the set already.
-- Locks: the list of tables; SHARE ROW EXCLUSIVE on the table, for which it waits a second at most (55P03: try
-- again), since the application's writes queue up behind it.
create or replace function londiste.provider_add_table(i_queue_name text, i_table_name text)
returns integer language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '1s' as $$
declare
    v_queue_id integer := londiste.queue_id(i_queue_name);
    v_rel record;
    v_known londiste.provider_table;
begin
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

    -- Anything but an ordinary table is refused before the lock: on a view LOCK would go through to what it reads.
    perform londiste.check_capturable(i_table_name);
    execute format('lock table only %s in share row exclusive mode', v_rel.relation::regclass);
    perform londiste.check_capturable(i_table_name);
    if londiste.layout(v_rel.relation) = '?' then
        raise exception 'table % was changed while this transaction was open', v_rel.relation_name
            using errcode = 'object_not_in_prerequisite_state', hint = 'run this in a READ COMMITTED transaction';
    end if;
    perform londiste.create_capture(i_queue_name, v_rel.relation_name, v_rel.relation);
    perform londiste.create_capture_triggers(v_queue_id, v_rel.relation);
    return 1;
end
$$;
