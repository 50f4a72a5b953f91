-- PL/pgSQL that runs i_work, and where that cannot make events of what was written says so in one: its table needs a
-- new copy then, and the application's write succeeds. A filter may raise anything, also an SQLSTATE of its own, so all is
-- taken for the rows' or the filter's fault but what befalls whoever writes an event: a transaction that is rolled back for
-- others (class 40), no room (53, of which only memory may be the row's doing), somebody who stops it (57), the
-- system (58), a lock (55P03). It costs a savepoint, so it is for statements that need it.
-- Called by: capture_body, capture_row_body, capture_row_changed, capture_truncate_body. Locks: none.
create or replace function londiste.announce_lost(i_work text, i_queue_id integer, i_table_name text)
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select format($body$begin
            %s
        exception
            when others or assert_failure then
                if (left(sqlstate, 2) = any ('{40,53,57,58}') or sqlstate = '55P03') and sqlstate <> '53200' then
                    raise;
                end if;
                execute format(%L, cur) || 'values (now(), ''no-image'', $1, $2, null, null)'
                  using format('%%s of a row that no event can carry: %%s', tg_op, sqlerrm), %L::text;
        end;$body$, i_work, londiste.event_insert(i_queue_id), i_table_name)
$$;
