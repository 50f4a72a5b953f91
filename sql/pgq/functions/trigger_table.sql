-- The table whose trigger is fired. Called by: the trigger functions, see pgq.trigger_layout().
create or replace function pgq.trigger_table() returns oid
language plpgsql immutable
as $$
begin
    return (current_setting('pgq.trigger')::text[])[1];
end;
$$;
