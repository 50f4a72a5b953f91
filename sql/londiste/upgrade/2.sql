-- From schema 1 (version 0.1.0): an error of a table keeps what to type and the row's key, and a position knows
-- of changes of its tables; a table may go to one of another name, with some of its columns. Functions whose arguments
-- changed go, or they would stand beside the new ones.
alter table londiste.table_state
    add column if not exists error_hint text,
    add column if not exists error_key  text,
    add column if not exists dest_table text,
    add column if not exists columns    text,
    add column if not exists dest_files text,
    add column if not exists source_digest text,
    add column if not exists copy_paused boolean not null default false,
    add column if not exists copy_mode text not null default 'replace'
        constraint table_state_copy_mode check (copy_mode in ('replace', 'keep', 'shadow')),
    add column if not exists copy_where text,
    add column if not exists copy_max_rate bigint,
    add column if not exists copy_pause_lag bigint;

alter table londiste.copy_range
    add column if not exists relation text,
    add column if not exists filenode bigint;

alter table londiste.stored_definition
    add column if not exists index_name text,
    add column if not exists create_index text,
    add column if not exists add_constraint text,
    add column if not exists finish text[],
    add column if not exists tablespace text,
    add column if not exists is_key boolean not null default false,
    add column if not exists is_constraining boolean not null default false,
    add column if not exists relation text,
    add column if not exists family text,
    add column if not exists level integer not null default 0,
    drop constraint if exists stored_definition_queue_name_consumer_name_table_name_fkey;

alter table londiste.provider_table
    add column if not exists capture_digest text,
    add column if not exists capture text not null default 'statement'
        constraint provider_table_capture check (capture in ('statement', 'row')),
    add column if not exists replica_identity text not null default 'default'
        constraint provider_table_identity check (replica_identity in ('default', 'full', 'nothing')
                                                  or replica_identity like 'index %'),
    add column if not exists row_filter text,
    add column if not exists members oid[];

alter table londiste.position
    add column if not exists tables_version bigint not null default 0,
    add column if not exists compare_request bigint;

drop function if exists londiste.subscriber_add_table(text, text, text);
drop function if exists londiste.set_table_error(text, text, text, text, text);
drop function if exists londiste.hold_events(text, text);
drop function if exists londiste.capture_query(text, text, text, text[], boolean, text);
drop function if exists londiste.row_of_table(oid, text[]);
drop function if exists londiste.table_key(oid);
drop function if exists londiste.layout(oid);
drop function if exists londiste.table_layout(oid);
drop function if exists londiste.key_join(oid);
drop function if exists londiste.state_query(oid, text[], text);
drop function if exists londiste.unknown_layout_events(text, oid, text, text[], text[], boolean);
drop function if exists londiste.capture_truncate(integer, oid, text, text, text, text);
drop function if exists londiste.capture_body(text, londiste.provider_table, integer);
drop function if exists londiste.into_event_table(integer, integer, text);
drop function if exists londiste.create_capture(text, text, oid);
drop function if exists londiste.create_capture_triggers(integer, oid);
drop function if exists londiste.check_capturable(text);
drop function if exists londiste.provider_add_table(text, text);
drop function if exists londiste.provider_get_table_list(text);
drop function if exists londiste.capture_problems(integer, oid);
drop function if exists londiste.set_sequence(text, text, text, bigint, boolean);
drop function if exists londiste.store_copy(text, text, text, bigint, bigint, txid_snapshot, bigint, text);
drop function if exists londiste.next_range(text, bigint, bigint);
drop function if exists londiste.index_definitions(regclass);
drop function if exists londiste.missing_definitions(text, text, text);
drop function if exists londiste.copy_progress(text, text);
