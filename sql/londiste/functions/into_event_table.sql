-- PL/pgSQL that inserts what a capture_query gives into the event table of number `cur`: one static statement for
-- each table that the queue has, so that each is planned once a session, and a dynamic one should it ever get more.
-- i_using are the parameters of the latter.
-- Called by: capture_body, capture_row_body. Locks: none.
create or replace function londiste.into_event_table(
    i_queue_id integer, i_event_tables integer, i_query text, i_dynamic text default null, i_using text default '')
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select format(E'if %s\n        else\n            execute format(%L, cur) || %L%s;\n        end if;',
                  string_agg(format(E'cur = %s then\n            %s%s;', n, format(i.target, n), i_query),
                             E'\n        elsif ' order by n),
                  i.target, coalesce(i_dynamic, i_query), i_using)
      from londiste.event_insert(i_queue_id) as i (target)
      cross join generate_series(0, i_event_tables - 1) as n
     group by i.target
$$;
