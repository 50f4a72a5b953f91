-- Two installers in one database would fail on each other's half-made objects: the second waits here. The class is
-- that of pgq's locks; the number is this installer's own.
select pg_catalog.pg_advisory_xact_lock(1885827328, -4);

-- An installer never works on tables that it does not know: see pgq/guard.sql.
do $$
declare
    known integer := current_setting('pgq_coop.schema_version');
    oldest integer;
begin
    if to_regclass('pgq.installation') is null then
        raise exception 'schema pgq_coop needs schema pgq, which is not installed'
            using hint = 'install pgq first';
    end if;
    if to_regclass('pgq_coop.installation') is not null then
        select i.oldest_code into oldest from pgq_coop.installation i;
        if oldest > known then
            raise exception 'schema pgq_coop was installed by a newer version, which this one (%) cannot work with', known
                using hint = format('use a version that knows schema %s of pgq_coop or later', oldest);
        end if;
    elsif to_regnamespace('pgq_coop') is not null then
        raise exception 'schema pgq_coop is there already, but was made by another program'
            using hint = 'drop that schema when nothing needs what is in it';
    end if;
end;
$$;
