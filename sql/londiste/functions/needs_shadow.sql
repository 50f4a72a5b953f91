-- Whether a table has a shadow that is worth something: its copy comes, is under way or has landed, and replay has not taken it
-- over. One that was parked before all rows were there is copied anew whatever lies in it.
-- Called by: park_table, sweep_shadows. Locks: none.
create or replace function londiste.needs_shadow(i_table londiste.table_state) returns boolean language sql immutable as $$
    select i_table.copy_mode = 'shadow' and (i_table.state <> 'parked' or i_table.position_snapshot is not null)
$$;
