-- Rights: whoever consumes (pgq_reader) may call all of this, where the installer of schema pgq could make that role.

revoke execute on all routines in schema pgq_ext from public;
grant usage on schema pgq_ext to public;
grant execute on function pgq_ext.version() to public;
grant select on pgq_ext.installation to public;

do $$
declare
    x_role text;
begin
    foreach x_role in array array['pgq_reader', 'pgq_admin'] loop
        if to_regrole(x_role) is not null then
            execute format('grant execute on all routines in schema pgq_ext to %I', x_role);
        end if;
    end loop;
    if to_regrole('pgq_admin') is not null then
        grant select, insert, update, delete
            on pgq_ext.completed_tick, pgq_ext.completed_batch, pgq_ext.completed_event, pgq_ext.partial_batch to pgq_admin;
    end if;
end;
$$;
