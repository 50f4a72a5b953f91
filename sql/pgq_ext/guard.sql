-- Two installers in one database would fail on each other's half-made objects: the second waits here. The class is
-- that of pgq's locks; the number is this installer's own.
select pg_catalog.pg_advisory_xact_lock(1885827328, -3);

-- An installer never works on tables that it does not know: see pgq/guard.sql.
do $$
declare
    known integer := current_setting('pgq_ext.schema_version');
    oldest integer;
begin
    if to_regclass('pgq_ext.installation') is not null then
        select i.oldest_code into oldest from pgq_ext.installation i;
        if oldest > known then
            raise exception 'schema pgq_ext was installed by a newer version, which this one (%) cannot work with', known
                using hint = format('use a version that knows schema %s of pgq_ext or later', oldest);
        end if;
    elsif to_regnamespace('pgq_ext') is not null then
        raise exception 'schema pgq_ext is there already, but was made by another program'
            using hint = 'drop that schema when nothing needs what is in it';
    end if;
end;
$$;
