-- Adds what tables of an older version lack, and returns how many changes that took: 0 when there was nothing to do.
-- Called by: the installer.
create or replace function pgq.upgrade_schema() returns integer
language plpgsql
as $$
declare
    c record;
    changes integer := 0;
begin
    for c in
        select l.name, l.definition
        from (values
            ('queue_disable_insert', 'boolean not null default false'),
            ('queue_ticker_paused', 'boolean not null default false'),
            ('queue_per_tx_limit', 'integer'),
            ('queue_extra_maint', 'text[]')
        ) l (name, definition)
        where not exists (
            select from pg_attribute a
            where a.attrelid = 'pgq.queue'::regclass and a.attname = l.name and not a.attisdropped
        )
    loop
        execute format('alter table pgq.queue add column %I %s', c.name, c.definition);
        changes := changes + 1;
    end loop;
    return changes;
end;
$$;
