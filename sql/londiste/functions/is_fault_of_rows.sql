-- Whether an error that capture meets is to be announced in an event, and not the application's to see. A filter may raise
-- anything, also an SQLSTATE of its own, so all is taken for the rows' or the filter's fault but what befalls whoever
-- writes an event: a transaction that is rolled back for others (class 40), no room (53, of which only memory may be the
-- row's doing), somebody who stops it (57), the system (58), a lock (55P03).
-- Called by: what announce_lost makes, text_of_row. Locks: none.
create or replace function londiste.is_fault_of_rows(i_sqlstate text)
returns boolean language sql immutable set search_path = pg_catalog, pg_temp as $$
    select i_sqlstate = '53200' or not (left(i_sqlstate, 2) = any ('{40,53,57,58}') or i_sqlstate = '55P03')
$$;
