-- Rights: whoever consumes (pgq_reader) may call all of this, where the installer of schema pgq could make that role.

revoke execute on all routines in schema pgq_coop from public;
grant usage on schema pgq_coop to public;
grant execute on function pgq_coop.version() to public;
grant select on pgq_coop.installation to public;

do $$
declare
    x_role text;
begin
    foreach x_role in array array['pgq_reader', 'pgq_admin'] loop
        if to_regrole(x_role) is not null then
            execute format('grant execute on all routines in schema pgq_coop to %I', x_role);
        end if;
    end loop;
end;
$$;
