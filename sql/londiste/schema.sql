-- Schema londiste: the tables of the provider's side and those that both sides have. A subscriber has no schema
-- pgq, so nothing here refers to it; queues go by name.

create schema if not exists londiste;

-- What is installed, and the oldest code that may run on it. code_digest names the files that the functions came
-- from; psql cannot compute it and leaves it null.
create table if not exists londiste.installation (
    only_row       boolean not null default true,
    schema_version integer not null,
    oldest_code    integer not null,
    code_digest    text,
    installed_at   timestamptz not null default now(),

    constraint installation_pkey primary key (only_row),
    constraint installation_one_row check (only_row)
);

insert into londiste.installation as i (schema_version, oldest_code)
values (current_setting('londiste.schema_version')::integer, current_setting('londiste.oldest_code')::integer)
on conflict (only_row) do update
    set schema_version = greatest(i.schema_version, excluded.schema_version),
        oldest_code = greatest(i.oldest_code, excluded.oldest_code),
        code_digest = null;

-- Who this database is to the others: made once, so that two subscribers of one name are told apart. One row.
create table if not exists londiste.node (
    node_id   uuid        not null default gen_random_uuid() primary key,
    node_name text        not null default current_database(),
    created   timestamptz not null default now()
);
create unique index if not exists node_one_row on londiste.node ((true));
insert into londiste.node default values on conflict do nothing;

-- The tables of a set. table_name is what the set calls the table, schema-qualified and quoted where needed: it
-- stays when the table is renamed, because subscribers and events of any age know the table by it; table_oid finds
-- it. queue_id is the queue that the capture functions write to: one that was dropped and made anew has another.
create table if not exists londiste.provider_table (
    nr               serial  not null,
    queue_name       text    not null,
    queue_id         integer not null,
    table_name       text    not null,
    table_oid        oid     not null,
    key_columns      text[]  not null,
    -- What londiste.layout() answered when the capture functions were generated, and the layout that they put on
    -- events.
    layout_signature text    not null,
    layout_id        text    not null,
    -- What londiste.capture_digest() answered then.
    capture_digest   text,
    -- Whether triggers fire for each statement or for each row.
    capture          text    not null default 'statement'
                     constraint provider_table_capture check (capture in ('statement', 'row')),
    -- How an event says which row is gone, in the words of ALTER TABLE .. REPLICA IDENTITY: 'default' by a key that
    -- table_key chooses, 'index NAME' by that one's columns, 'full' by the whole row, 'nothing': rows only come.
    replica_identity text    not null default 'default'
                     constraint provider_table_identity check (replica_identity in ('default', 'full', 'nothing')
                                                               or replica_identity like 'index %'),
    -- Only rows for which this is true are captured; all when null. An expression over the table's columns.
    row_filter       text,
    -- Of a partitioned table: its partitions when they were last looked at.
    members          oid[],
    primary key (queue_name, table_name),
    constraint provider_table_oid unique (queue_name, table_oid)
);

create table if not exists londiste.provider_seq (
    nr         serial not null,
    queue_name text   not null,
    seq_name   text   not null,
    seq_oid    oid    not null,
    primary key (queue_name, seq_name),
    constraint provider_seq_oid unique (queue_name, seq_oid)
);

-- What the text of a row in an event means: outlives every ALTER of the table that it was read from. types is null
-- where only the names were known, an element of it is null where the column is never carried (virtual generated).
-- No unique constraint: the writing transaction adds a layout that it meets first, and a unique index would make
-- two application sessions wait for one another. The same layout twice does no harm.
create table if not exists londiste.layout (
    layout_id text        not null,
    columns   text[]      not null,
    types     text[],
    key       text[],
    since     timestamptz not null default now()
);
create index if not exists layout_id_idx on londiste.layout (layout_id);

-- Who follows a queue. The hold consumer keeps events for tables that are being copied or are parked; null when
-- none does.
create table if not exists londiste.subscription (
    queue_name    text        not null,
    consumer_name text        not null,
    node_id       uuid        not null,
    node_name     text        not null,
    hold_consumer text,
    -- Raised by each replay that begins to serve; a replay that reads a higher one than its own has been replaced.
    fence         bigint      not null default 0,
    since         timestamptz not null default now(),
    primary key (queue_name, consumer_name)
);
