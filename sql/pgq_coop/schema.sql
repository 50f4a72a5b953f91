-- pgq_coop keeps its workers among the consumers of pgq: worker `sub` of consumer `main` is the consumer `main.sub`, whose
-- registration shares the sub_id of the main one, and has ticks only while it has a batch.

create schema if not exists pgq_coop;

-- What is installed, and the oldest code that may run on it: see pgq.installation.
create table if not exists pgq_coop.installation (
    only_row       boolean not null default true,
    schema_version integer not null,
    oldest_code    integer not null,
    code_digest    text,
    installed_at   timestamptz not null default now(),

    constraint installation_pkey primary key (only_row),
    constraint installation_one_row check (only_row)
);

insert into pgq_coop.installation as i (schema_version, oldest_code)
values (current_setting('pgq_coop.schema_version')::integer, current_setting('pgq_coop.oldest_code')::integer)
on conflict (only_row) do update
    set schema_version = greatest(i.schema_version, excluded.schema_version),
        oldest_code = greatest(i.oldest_code, excluded.oldest_code),
        code_digest = null;
