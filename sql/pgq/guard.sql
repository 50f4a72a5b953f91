-- Two installers in one database would fail on each other's half-made objects: the second waits here. The number is
-- pgq.lock_class(), which does not exist yet on the first run; -1 is no queue's id.
select pg_catalog.pg_advisory_xact_lock(1885827328, -1);

-- An installer never works on tables that it does not know: those of a newer version that left this one behind, or
-- those of the original PgQ.
do $$
declare
    known integer := current_setting('pgq.schema_version');
    oldest integer;
begin
    if to_regclass('pgq.installation') is not null then
        select i.oldest_code into oldest from pgq.installation i;
        if oldest > known then
            raise exception 'schema pgq was installed by a newer version, which this one (%) cannot work with', known
                using hint = format('use a version that knows schema %s of pgq or later', oldest);
        end if;
    elsif to_regclass('pgq.queue') is not null then
        raise exception 'schema pgq is there already, but was made by another program'
            using hint = 'use another database, or drop that schema when nothing needs its queues';
    end if;
end;
$$;
