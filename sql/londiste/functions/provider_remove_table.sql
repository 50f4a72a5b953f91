-- Takes a table out of the set of a queue; events that are written stay. Takes the name that the set has for the
-- table, also when the table has been renamed or dropped since, or the queue dropped.
-- Called by: londiste provider remove. Returns 1, or 0 when it is not in the set.
-- Locks: the list of tables; ACCESS EXCLUSIVE on the table, for which it waits as long as lock_patience says (55P03: try
-- again).
create or replace function londiste.provider_remove_table(i_queue_name text, i_table_name text)
returns integer language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '1s' as $$
declare
    v_gone londiste.provider_table;
begin
    -- For this function alone: what is SET above is put back at its end.
    perform set_config('lock_timeout', londiste.lock_patience(), true);
    lock table londiste.provider_table in share row exclusive mode;
    delete from londiste.provider_table p
     where p.queue_name = i_queue_name
       and p.table_name = (select f.relation_name from londiste.find_relation(i_table_name) f)
    returning p.* into v_gone;
    if not found then
        perform londiste.queue_id(i_queue_name);
        return 0;
    end if;
    perform londiste.drop_capture(v_gone.queue_id, v_gone.table_oid);
    -- From here on changes are missing from the queue. Every subscriber gives its copy of the table up when it comes to
    -- this event; one that is added again later is copied anew.
    if exists (select from pgq.queue q where q.queue_id = v_gone.queue_id) then
        perform pgq.insert_event(i_queue_name, 'removed', null, v_gone.table_name, null, null, null);
    end if;
    return 1;
end
$$;
