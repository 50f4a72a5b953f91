-- From schema 1 (version 0.1.0): an error of a table keeps what to type and the row's key, and a position knows
-- of changes of its tables; a table may go to one of another name, with some of its columns. Functions whose arguments
-- changed go, or they would stand beside the new ones.
alter table londiste.table_state
    add column if not exists error_hint text,
    add column if not exists error_key  text,
    add column if not exists dest_table text,
    add column if not exists columns    text;

alter table londiste.provider_table add column if not exists capture_digest text;

alter table londiste.position add column if not exists tables_version bigint not null default 0;

drop function if exists londiste.subscriber_add_table(text, text, text);
drop function if exists londiste.set_table_error(text, text, text, text, text);
drop function if exists londiste.hold_events(text, text);
drop function if exists londiste.capture_query(text, text, text, text[], boolean, text);
drop function if exists londiste.capture_problems(integer, oid);
drop function if exists londiste.set_sequence(text, text, text, bigint, boolean);
