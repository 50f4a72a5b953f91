-- Raises tables_version of the positions whose tables have come, gone, or moved to another state or position. Always, also in
-- a session that fires no ordinary triggers: replay's own is one.
-- Called by: triggers of londiste.table_state. Locks: the position rows.
create or replace function londiste.note_table_changes() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        update londiste.position p set tables_version = p.tables_version + 1
         where (p.queue_name, p.consumer_name) in (
            select n.queue_name, n.consumer_name
              from changed n join before o using (queue_name, consumer_name, table_name)
             where (n.state, n.position_tick, n.position_snapshot::text) is distinct from (o.state, o.position_tick, o.position_snapshot::text));
    else
        update londiste.position p set tables_version = p.tables_version + 1
         where (p.queue_name, p.consumer_name) in (select n.queue_name, n.consumer_name from changed n);
    end if;
    return null;
end
$$;

create or replace trigger table_state_insert after insert on londiste.table_state
    referencing new table as changed for each statement execute function londiste.note_table_changes();
create or replace trigger table_state_update after update on londiste.table_state
    referencing old table as before new table as changed for each statement execute function londiste.note_table_changes();
create or replace trigger table_state_delete after delete on londiste.table_state
    referencing old table as changed for each statement execute function londiste.note_table_changes();
alter table londiste.table_state enable always trigger table_state_insert;
alter table londiste.table_state enable always trigger table_state_update;
alter table londiste.table_state enable always trigger table_state_delete;
