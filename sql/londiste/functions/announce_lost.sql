-- PL/pgSQL that runs i_work, and where that cannot make events of what was written says so in one: its table needs a
-- new copy then, and the application's write succeeds. It costs a savepoint, so it is for statements that need it.
-- Called by: capture_body, capture_row_body, capture_row_changed, capture_truncate_body. Locks: none.
create or replace function londiste.announce_lost(i_work text, i_queue_id integer, i_table_name text)
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select format($body$begin
            %s
        exception
            when others or assert_failure then
                if not londiste.is_fault_of_rows(sqlstate) then
                    raise;
                end if;
                execute format(%L, cur) || 'values (now(), ''no-image'', $1, $2, null, null)'
                  using format('%%s of a row that no event can carry: %%s', tg_op, sqlerrm), %L::text;
        end;$body$, i_work, londiste.event_insert(i_queue_id), i_table_name)
$$;
