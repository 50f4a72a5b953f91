-- From schema 1 (version 0.1.0), whose tables this one adds to and does not change; and for tables that were made from
-- an older PgQ's dump.
do $$
begin
    perform pgq.upgrade_schema();
end;
$$;
