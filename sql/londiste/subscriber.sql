-- Tables of the subscriber's side: where each subscription stands, the state of each table, the sequences.

-- One row a subscription. The tick is the last one whose batch is committed here, whole, so that it can be compared
-- with the provider's row of it; no tick means that nothing was applied yet.
create table if not exists londiste.position (
    queue_name      text        not null,
    consumer_name   text        not null,
    provider_node   uuid        not null,
    tick_id         bigint,
    tick_time       timestamptz,
    tick_snapshot   txid_snapshot,
    tick_event_seq  bigint,
    epoch           integer,
    -- Raised by every replay that begins to serve; a replay that finds another value than its own has been replaced.
    fence           bigint      not null default 0,
    applied_at      timestamptz,
    -- Raised by every change of a state or position in table_state: as long as it stays, so does what replay knows of them.
    tables_version  bigint      not null default 0,
    -- The number of the request in compare_request that replay has to heed; null for none.
    compare_request bigint,
    primary key (queue_name, consumer_name),
    check (num_nulls(tick_id, tick_time, tick_snapshot, tick_event_seq, epoch) in (0, 5))
);

create table if not exists londiste.table_state (
    nr                 serial  not null,
    queue_name         text    not null,
    consumer_name      text    not null,
    table_name         text    not null,
    state              text    not null default 'wanted'
        check (state in ('wanted', 'copying', 'building', 'catching-up', 'ready', 'ok', 'parked')),
    -- V, what the rows here hold: every event of the provider in this snapshot and no other. Null once replay has the
    -- table, whose position is then the subscription's.
    position_snapshot  txid_snapshot,
    -- The last tick that V contains; events after it must be kept on the provider.
    position_tick      bigint,
    -- The smallest and the largest of the snapshots that the copied pieces were read under.
    snapshot_min       txid_snapshot,
    snapshot_max       txid_snapshot,
    -- The provider's file of the table when it was copied: rewriting moves rows between ranges of blocks.
    filenode           bigint,
    layout_id          text,
    attempts           integer not null default 0,
    error              text,
    error_sqlstate     text,
    since              timestamptz not null default now(),
    -- What to type or do about the error, and the key of the row that it belongs to, where known.
    error_hint         text,
    error_key          text,
    -- The table that its rows go to here, where it has another name, and the columns that are carried, where not all are: as
    -- a list like id,name,address=addr, in which addr is the name here.
    dest_table         text,
    columns            text,
    -- The files of the table here when a copy in ranges had emptied it, as table_files writes them: in another one the ranges
    -- that have landed are not.
    dest_files         text,
    -- What current_layout said of the provider's table then: in another one rows may have changed without an event.
    source_digest      text,
    -- Whether an operator has put its copy off.
    copy_paused        boolean not null default false,
    -- replace: the rows that are here go; keep: they stay but for those of the same keys, and but for those that copy_where
    -- takes, which then is all that is copied; shadow: they stay until replay has made the table equal to its shadow.
    copy_mode          text not null default 'replace' constraint table_state_copy_mode check (copy_mode in ('replace', 'keep', 'shadow')),
    copy_where         text,
    -- Bytes a second, and milliseconds that replay may be behind; 0 is no limit, null what the configuration says.
    copy_max_rate      bigint,
    copy_pause_lag     bigint,
    primary key (queue_name, consumer_name, table_name),
    foreign key (queue_name, consumer_name) references londiste.position on delete cascade
);

-- The pieces that a copy is made of. `snapshot` is what a landed piece was read under. One without bounds is the whole table;
-- else it is of `relation`, the table or its partition, from block `lower_bound` to before `upper_bound`, or to the end.
create table if not exists londiste.copy_range (
    queue_name     text not null,
    consumer_name  text not null,
    table_name     text not null,
    nr             integer not null,
    lower_bound    text,
    upper_bound    text,
    state          text not null default 'wanted' check (state in ('wanted', 'done')),
    snapshot       txid_snapshot,
    copied_rows    bigint,
    relation       text,
    -- The provider's file of `relation`: another one has its rows in other blocks.
    filenode       bigint,
    primary key (queue_name, consumer_name, table_name, nr),
    foreign key (queue_name, consumer_name, table_name) references londiste.table_state on delete cascade
);

-- Indexes, constraints and triggers of a table as they were before its copy began: nothing is ever dropped whose
-- definition is not here. What is dropped outlives the table's place on the list, so that a copy which was given up loses no
-- index: it is no child of table_state.
create table if not exists londiste.stored_definition (
    queue_name     text    not null,
    consumer_name  text    not null,
    table_name     text    not null,
    kind           text    not null check (kind in ('index', 'constraint', 'trigger')),
    name           text    not null,
    definition     text    not null,
    is_dropped     boolean not null default false,
    -- For indexes, and constraints that own one: the index, the statement that creates it (none where only its constraint does),
    -- the one that adds the constraint, those for the rest, which may be run again, the tablespace it is in (none: the database's own).
    index_name     text,
    create_index   text,
    add_constraint text,
    finish         text[],
    tablespace     text,
    -- Whether it is the key by which changes find their rows, and whether it refuses some sets of rows.
    is_key         boolean not null default false,
    is_constraining boolean not null default false,
    -- The table or partition that it is on, the index that it is part of (itself where it is of none), and how far below the
    -- copied table it is. What is in a partition has for its name that of its index, with the schema.
    relation       text,
    family         text,
    level          integer not null default 0,
    primary key (queue_name, consumer_name, table_name, kind, name)
);

-- The value of each sequence as it was last set from the provider.
create table if not exists londiste.subscriber_seq (
    nr             serial not null,
    queue_name     text   not null,
    consumer_name  text   not null,
    seq_name       text   not null,
    last_value     bigint,
    is_called      boolean,
    primary key (queue_name, consumer_name, seq_name),
    foreign key (queue_name, consumer_name) references londiste.position on delete cascade
);

-- What a compare asks of replay: to stop at a tick until both sides are being read there. The row stays when its request is over; the
-- one in force is the one that the position names.
create table if not exists londiste.compare_request (
    queue_name     text        not null,
    consumer_name  text        not null,
    request_nr     bigint      not null,
    -- The tick to stop at; null until the provider's reader stands at one.
    tick_id        bigint,
    -- How long replay waits for the compare at most, each time.
    wait           interval    not null,
    -- What replay is to apply in the transaction that reaches the tick.
    repair_nr      integer,
    asked_at       timestamptz not null default now(),
    primary key (queue_name, consumer_name),
    foreign key (queue_name, consumer_name) references londiste.position on delete cascade
);

-- How far a continuous compare has come with each table: every row was equal at some tick from `equal_tick` on.
create table if not exists londiste.compare_state (
    queue_name     text        not null,
    consumer_name  text        not null,
    table_name     text        not null,
    equal_tick     bigint,
    equal_at       timestamptz,
    -- Rows that differed when they were last looked at, and when that was.
    differing      bigint      not null default 0,
    compared_at    timestamptz not null,
    primary key (queue_name, consumer_name, table_name),
    foreign key (queue_name, consumer_name, table_name) references londiste.table_state on delete cascade
);

-- What was repaired, by whom and when: kept for ever, also when the subscription goes.
create table if not exists londiste.repair (
    nr             serial      not null primary key,
    queue_name     text        not null,
    consumer_name  text        not null,
    table_name     text        not null,
    missing        bigint      not null,
    extra          bigint      not null,
    different      bigint      not null,
    asked_by       text        not null default session_user,
    asked_from     text        not null default coalesce(host(inet_client_addr()), 'a local socket'),
    asked_at       timestamptz not null default now(),
    -- The tick that the rows were brought to, once they were.
    tick_id        bigint,
    applied_at     timestamptz,
    error          text
);

-- The rows of a repair that is not applied yet, as events: the columns have the names that events have.
create table if not exists londiste.repair_event (
    repair_nr  integer not null references londiste.repair on delete cascade,
    ev_id      integer not null,
    ev_type    text    not null,
    ev_extra1  text    not null,
    ev_extra2  text    not null,
    ev_extra3  text,
    ev_data    text    not null,
    primary key (repair_nr, ev_id)
);
