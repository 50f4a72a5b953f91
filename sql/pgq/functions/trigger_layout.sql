-- What a trigger function needs to know of its table and its arguments. Reading that takes about a millisecond, so it is
-- done once for each trigger and session, and again after each ALTER of the table:
--
-- The functions here and in trigger_table.sql say that they are immutable. So the server calls them when it plans the
-- expression in a trigger function that has them, and keeps their results in that plan. It has a plan of its own for
-- each trigger, because PL/pgSQL compiles a trigger function for each, and throws away a plan that mentions a table's oid
-- (that is why pgq.trigger_table() is in the expression) as soon as somebody alters that table. No session can forge
-- what is kept there. See docs/decisions/0013.
--
-- They read their arguments, which may not be theirs, from the setting pgq.trigger, which the trigger function sets
-- before: an array of the table's oid, the trigger's time, the trigger function, and the trigger's arguments.
create or replace function pgq.trigger_layout() returns pgq.trigger_layout
language plpgsql immutable
as $$
begin
    return pgq.read_trigger_layout(current_setting('pgq.trigger')::text[]);
end;
$$;
