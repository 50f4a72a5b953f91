-- Tables of PgQ, with exactly its columns, so that clients and tools written for PgQ find what they know. What we add
-- lies in tables of our own, at the end.

create schema if not exists pgq;

-- Names of consumers; one consumer may read many queues.
create table if not exists pgq.consumer (
    co_id   serial not null,
    co_name text not null,

    constraint consumer_pkey primary key (co_id),
    constraint consumer_name_uq unique (co_name)
);

-- Queues. Their events lie in tables of their own, made by pgq.create_queue.
create table if not exists pgq.queue (
    queue_id                 serial not null,
    queue_name               text not null,

    -- Rotation: step1 and step2 are the xids of its two transactions; step2 is null in between.
    queue_ntables            integer not null default 3,
    queue_cur_table          integer not null default 0,
    queue_rotation_period    interval not null default '2 hours',
    queue_switch_step1       bigint not null default txid_current(),
    queue_switch_step2       bigint default txid_current(),
    queue_switch_time        timestamptz not null default now(),

    queue_external_ticker    boolean not null default false,
    queue_disable_insert     boolean not null default false,
    queue_ticker_paused      boolean not null default false,

    -- When a tick is due: see the view pgq.tick_due.
    queue_ticker_max_count   integer not null default 500,
    queue_ticker_max_lag     interval not null default '3 seconds',
    queue_ticker_idle_period interval not null default '1 minute',
    queue_per_tx_limit       integer,

    queue_data_pfx           text not null,
    queue_event_seq          text not null,
    queue_tick_seq           text not null,

    -- Functions that maintenance calls with the queue's name.
    queue_extra_maint        text[],

    constraint queue_pkey primary key (queue_id),
    constraint queue_name_uq unique (queue_name)
);

-- Ticks: the batch between two of them is what the later snapshot sees and the earlier one does not.
create table if not exists pgq.tick (
    tick_queue     integer not null,
    tick_id        bigint not null,
    tick_time      timestamptz not null default now(),
    tick_snapshot  txid_snapshot not null default txid_current_snapshot(),
    tick_event_seq bigint not null,

    constraint tick_pkey primary key (tick_queue, tick_id),
    constraint tick_queue_fkey foreign key (tick_queue) references pgq.queue (queue_id)
);

create sequence if not exists pgq.batch_id_seq;

-- Who reads which queue, and how far: an open batch goes from sub_last_tick to sub_next_tick. A consumer has one row of a
-- queue, which pgq.registration sees to. Every batch makes two new versions of it, and an open transaction keeps all of
-- them: with sub_active in the key a new one is not compared with the others, and pgq.current_subscription finds the
-- newest without them.
create table if not exists pgq.subscription (
    sub_id        serial not null,
    sub_queue     integer not null,
    sub_consumer  integer not null,
    sub_last_tick bigint,
    sub_active    timestamptz not null default now(),
    sub_batch     bigint,
    sub_next_tick bigint,

    constraint subscription_pkey primary key (sub_queue, sub_consumer, sub_active),
    constraint subscription_batch_idx unique (sub_batch),
    constraint sub_queue_fkey foreign key (sub_queue) references pgq.queue (queue_id),
    constraint sub_consumer_fkey foreign key (sub_consumer) references pgq.consumer (co_id)
);

-- The parent of all event tables. ev_txid is the top-level transaction, also inside a savepoint: xmin would not be.
create table if not exists pgq.event_template (
    ev_id     bigint not null,
    ev_time   timestamptz not null,
    ev_txid   bigint not null default txid_current(),
    ev_owner  integer,
    ev_retry  integer,
    ev_type   text,
    ev_data   text,
    ev_extra1 text,
    ev_extra2 text,
    ev_extra3 text,
    ev_extra4 text
);

-- Events that a consumer (ev_owner = sub_id) wants to see again, after ev_retry_after.
create table if not exists pgq.retry_queue (
    ev_retry_after timestamptz not null,
    ev_queue       integer not null,
    like pgq.event_template,

    constraint rq_pkey primary key (ev_owner, ev_id),
    constraint rq_queue_id_fkey foreign key (ev_queue) references pgq.queue (queue_id)
);
alter table pgq.retry_queue alter column ev_owner set not null;
alter table pgq.retry_queue alter column ev_txid drop not null;
create index if not exists rq_retry_idx on pgq.retry_queue (ev_retry_after);

-- Ours: which consumers pgq.subscription has, each once: pgq.keep_registration.
create table if not exists pgq.registration (
    sub_queue    integer not null,
    sub_consumer integer not null,

    constraint registration_pkey primary key (sub_queue, sub_consumer)
);

-- Ours: events that a consumer has given up, by the names that they are asked for by: a letter outlives the consumer's
-- registration. One whose dl_time is infinity is staged: pgq.events_dead.
create table if not exists pgq.dead_letter (
    dl_id       bigserial not null,
    dl_queue    integer not null,
    dl_consumer text not null,
    dl_time     timestamptz not null default now(),
    dl_reason   text,
    like pgq.event_template,

    constraint dead_letter_pkey primary key (dl_id),
    constraint dead_letter_event_uq unique (dl_queue, dl_consumer, ev_id),
    constraint dead_letter_queue_fkey foreign key (dl_queue) references pgq.queue (queue_id) on delete cascade
);

-- Ours: the history of the server that a queue's ticks come from. A dump restored elsewhere has another
-- system_identifier, a promoted standby another timeline; the first tick taken there opens an epoch.
create table if not exists pgq.epoch (
    queue_id          integer not null,
    epoch             integer not null,
    first_tick_id     bigint not null,
    system_identifier bigint not null,
    timeline          bigint not null,
    since             timestamptz not null default now(),

    constraint epoch_pkey primary key (queue_id, epoch),
    constraint epoch_queue_fkey foreign key (queue_id) references pgq.queue (queue_id)
);

-- Ours: what a queue has been set to beyond PgQ's parameters. The view pgq.own_setting knows the defaults.
create table if not exists pgq.queue_setting (
    queue_id            integer not null,

    -- After how long a consumer that takes no batches is unregistered; null: never.
    consumer_drop_after interval,
    -- How many ticks that every consumer has passed are kept one by one; of older ones, one a minute. Null: the default.
    ticks_kept          integer,

    constraint queue_setting_pkey primary key (queue_id),
    constraint queue_setting_queue_fkey foreign key (queue_id) references pgq.queue (queue_id) on delete cascade,
    constraint queue_setting_drop_after check (consumer_drop_after > '0'),
    constraint queue_setting_ticks_kept check (ticks_kept >= 0)
);

-- Ours: the queues that pgq.ticker() could not tick when it last tried, and why. last_time is written every 10 seconds.
create table if not exists pgq.ticker_error (
    queue_id  integer not null,
    since     timestamptz not null,
    last_time timestamptz not null,
    sqlstate  text not null,
    message   text not null,

    constraint ticker_error_pkey primary key (queue_id),
    constraint ticker_error_queue_fkey foreign key (queue_id) references pgq.queue (queue_id) on delete cascade
);

-- Ours: what is installed, and the oldest code that may run on it. code_digest names the files that the functions
-- came from; psql cannot compute it and leaves it null.
create table if not exists pgq.installation (
    only_row       boolean not null default true,
    schema_version integer not null,
    oldest_code    integer not null,
    code_digest    text,
    installed_at   timestamptz not null default now(),

    constraint installation_pkey primary key (only_row),
    constraint installation_one_row check (only_row)
);

insert into pgq.installation as i (schema_version, oldest_code)
values (current_setting('pgq.schema_version')::integer, current_setting('pgq.oldest_code')::integer)
on conflict (only_row) do update
    set schema_version = greatest(i.schema_version, excluded.schema_version),
        oldest_code = greatest(i.oldest_code, excluded.oldest_code),
        code_digest = null;

-- Every batch updates its subscription and every poll reads it: room for new versions on the same page, and vacuum
-- long before a fifth of the table is dead.
alter table pgq.subscription set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Ours: what the trigger functions know of a trigger and its table, once for each session: see pgq.trigger_layout().
-- Positions are those among the columns that are there, from 1.
do $$
begin
    if to_regtype('pgq.trigger_layout') is null then
        create type pgq.trigger_layout as (
            settled       boolean,    -- false: the key was read under a snapshot that may be older than the table
            format        text,       -- the trigger function: logutriga, jsontriga, sqltriga, logtriga
            queue         text,
            skip          boolean,
            deny          boolean,
            backup        boolean,
            no_truncate   text,       -- why TRUNCATE is refused
            column_count  integer,
            padding       text,       -- what makes a row's text one of a pgq.fields_*; null: there are too many columns
            fields_sql    text,       -- what makes an array of a row then
            names         text[],
            kinds         text[],     -- of the values in JSON: n number, b boolean, d date, s string
            equal_sql     text[],     -- compares the column in two rows; null: its text says it
            key_names     text[],     -- as ev_type shows them; of pkey= until the table has been read, or null
            key_list      text,
            ignored_names text[],     -- of ignore=
            letters       text,       -- of logtriga
            key           integer[],
            ignored       integer[],
            magic         integer[],
            unknown       integer[],  -- of generated columns in a BEFORE trigger
            logged        integer[],  -- neither ignored nor magic
            row_format    text,       -- of the whole row, for format()
            insert_format text,
            fields        text[],     -- when, ev_type ... ev_extra4: what has an expression of its own
            expressions   text[]      -- the arguments' own, then the queries of them
        );
        -- A row whose fields are texts: the server itself takes the text of any row apart into them.
        execute (
            select string_agg(format('create type pgq.fields_%s as (%s)', size,
                (select string_agg(format('f%s text', n), ', ' order by n) from generate_series(1, size) n)), ';')
            from unnest(array[16, 64]) size);
    end if;
end;
$$;
