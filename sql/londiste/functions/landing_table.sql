-- The table that a copy, and the events after it, are written to: the one that the rows are for, or, where readers keep the old
-- ones of that until replay has made it equal in one transaction, a table of ours. That one's name stays as long as
-- the table is on its list.
-- Called by: everything that looks after copies here. Locks: none.
create or replace function londiste.landing_table(i_table londiste.table_state) returns text language sql immutable as $$
    select case when i_table.copy_mode = 'shadow' then 'londiste.shadow_' || i_table.nr
                else coalesce(i_table.dest_table, i_table.table_name) end
$$;
