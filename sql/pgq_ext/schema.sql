-- Tables of pgq_ext, with exactly its columns. A consumer that has no subconsumers has '' as their name.

create schema if not exists pgq_ext;

-- The last tick that a consumer has processed: for those that keep their position here.
create table if not exists pgq_ext.completed_tick (
    consumer_id    text not null,
    subconsumer_id text not null,
    last_tick_id   bigint not null,

    constraint completed_tick_pkey primary key (consumer_id, subconsumer_id)
);

-- The last batch that a consumer has done.
create table if not exists pgq_ext.completed_batch (
    consumer_id    text not null,
    subconsumer_id text not null,
    last_batch_id  bigint not null,

    constraint completed_batch_pkey primary key (consumer_id, subconsumer_id)
);

-- Events that a consumer has done, of the batch in partial_batch.
create table if not exists pgq_ext.completed_event (
    consumer_id    text not null,
    subconsumer_id text not null,
    batch_id       bigint not null,
    event_id       bigint not null,

    constraint completed_event_pkey primary key (consumer_id, subconsumer_id, batch_id, event_id)
);

-- The batch whose events a consumer is doing one by one.
create table if not exists pgq_ext.partial_batch (
    consumer_id    text not null,
    subconsumer_id text not null,
    cur_batch_id   bigint not null,

    constraint partial_batch_pkey primary key (consumer_id, subconsumer_id)
);

-- What is installed, and the oldest code that may run on it: see pgq.installation.
create table if not exists pgq_ext.installation (
    only_row       boolean not null default true,
    schema_version integer not null,
    oldest_code    integer not null,
    code_digest    text,
    installed_at   timestamptz not null default now(),

    constraint installation_pkey primary key (only_row),
    constraint installation_one_row check (only_row)
);

insert into pgq_ext.installation as i (schema_version, oldest_code)
values (current_setting('pgq_ext.schema_version')::integer, current_setting('pgq_ext.oldest_code')::integer)
on conflict (only_row) do update
    set schema_version = greatest(i.schema_version, excluded.schema_version),
        oldest_code = greatest(i.oldest_code, excluded.oldest_code),
        code_digest = null;
