-- Generates the capture functions anew for every table that has been altered since, so that its writes leave the
-- slow path, and warns of what it cannot mend. Layouts that were noted more than once are kept once. Returns how many
-- captures it has generated.
-- Called by: periodic_maintenance; by an operator after a migration. Locks: the list of tables; ACCESS SHARE on an
-- altered table, without waiting (it is the next round's otherwise). Nothing that a writer waits for.
create or replace function londiste.refresh_captures()
returns integer language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_table londiste.provider_table;
    v_done integer := 0;
begin
    lock table londiste.provider_table in share row exclusive mode;
    for v_table in
        select * from londiste.provider_table p order by p.nr
    loop
        begin
            if londiste.refresh_capture(v_table) then
                v_done := v_done + 1;
            end if;
        exception when others then
            -- One table must not keep the others from being looked at.
            raise warning 'queue %, table %: %', v_table.queue_name, v_table.table_name, sqlerrm;
        end;
    end loop;
    delete from londiste.layout l using londiste.layout earlier
     where earlier.layout_id = l.layout_id and earlier.ctid < l.ctid;
    return v_done;
end
$$;
