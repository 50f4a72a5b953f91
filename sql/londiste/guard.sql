-- Two installers in one database would fail on each other's half-made objects: the second waits here. The class is
-- that of pgq's locks; -1 is its own installer's, and queues have positive numbers.
select pg_catalog.pg_advisory_xact_lock(1885827328, -2);

-- An installer never works on tables that it does not know: those of a newer version that left this one behind, or
-- those of Skytools' own Londiste.
do $$
declare
    known integer := current_setting('londiste.schema_version');
    oldest integer;
begin
    if to_regclass('londiste.installation') is not null then
        select i.oldest_code into oldest from londiste.installation i;
        if oldest > known then
            raise exception 'schema londiste was installed by a newer version, which this one (%) cannot work with', known
                using errcode = 'raise_exception',
                      hint = format('use a version that knows schema %s of londiste or later', oldest);
        end if;
    elsif to_regnamespace('londiste') is not null then
        raise exception 'schema londiste is there already, but was made by another program'
            using errcode = 'raise_exception',
                  hint = 'use another database, or drop that schema when nothing needs what is in it';
    end if;
end;
$$;
