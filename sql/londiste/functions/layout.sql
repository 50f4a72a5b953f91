-- What current_layout says, for the capture functions.
--
-- Declared immutable, which is a deliberate lie. A capture function compares the answer with a constant in a query
-- over its transition table. The planner folds the call into that query's cached plan, so it costs nothing at run
-- time, and every DDL on the table, of whatever session, throws the plan away and so asks again: the plan cache is
-- the layout cache.
-- Called by: the planner, for capture functions. Locks: none.
create or replace function londiste.layout(i_table oid, i_identity text default 'default')
returns text language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
    return londiste.current_layout(i_table, i_identity);
end
$$;
