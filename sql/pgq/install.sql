-- PgQ in plain SQL: the queue, its API and its maintenance.
--
--     psql -d DATABASE -f sql/pgq/install.sql
--
-- Any role that owns the database may run it, as often as it likes: what is there is kept, functions are made anew.
-- The installer of the command line reads this same file: titled groups, and the order in which they run.

\set ON_ERROR_STOP on

-- The shape of the tables here, and the oldest shape that code must know to work on them.
\set schema_version 2
\set oldest_code 2

begin;
set local client_min_messages = warning;

-- Refuse what we cannot upgrade, one installer at a time
select pg_catalog.set_config('pgq.schema_version', :'schema_version', true);
select pg_catalog.set_config('pgq.oldest_code', :'oldest_code', true);
\ir guard.sql

-- Tables
\ir schema.sql

-- What earlier versions made in another shape; nothing where this one has made it
\ir functions/upgrade_schema.sql
\ir upgrade/2.sql

-- Names, sequences, queue storage
\ir functions/quote_fqname.sql
\ir functions/seq_getval.sql
\ir functions/seq_setval.sql
\ir functions/_grant_perms_from.sql
\ir functions/grant_perms.sql
\ir functions/tune_storage.sql

-- Ticks: who may take one, when one is due, what it must contain
\ir functions/lock_class.sql
\ir functions/require_read_committed.sql
\ir functions/lock_for_tick.sql
\ir functions/snapshot_contains.sql
\ir functions/complete_snapshot.sql
\ir functions/note_epoch.sql
\ir functions/get_epoch.sql
\ir functions/tick_channel.sql
\ir functions/has_news.sql
\ir views.sql
\ir functions/store_tick.sql
\ir functions/note_ticker_error.sql
\ir functions/compact_subscriptions.sql
\ir functions/ticker.sql
\ir functions/ticker_queue.sql
\ir functions/due_events.sql
\ir functions/tick_when_due.sql
\ir functions/ticker_external.sql
\ir functions/force_tick.sql
\ir functions/announce_ticker.sql
\ir functions/ticker_alive.sql

-- Queues
\ir functions/create_queue.sql
\ir functions/drop_queue.sql
\ir functions/set_queue_config.sql

-- Producing
\ir functions/insert_event_raw.sql
\ir functions/insert_event.sql
\ir functions/current_event_table.sql

-- Triggers that produce: what a table and its trigger are, a row as text, the event
\ir functions/percent_encode.sql
\ir functions/urlencode_runs.sql
\ir functions/urlencode_fields.sql
\ir functions/urlencode.sql
\ir functions/equality_sql.sql
\ir functions/trigger_arguments.sql
\ir functions/expression_sql.sql
\ir functions/trigger_formats.sql
\ir functions/read_trigger_layout.sql
\ir functions/trigger_layout.sql
\ir functions/trigger_table.sql
\ir functions/row_fields.sql
\ir functions/odd_row_data.sql
\ir functions/row_data.sql
\ir functions/changed_columns.sql
\ir functions/sql_data.sql
\ir functions/json_event_type.sql
\ir functions/row_event.sql
\ir functions/truncate_event.sql
\ir functions/trigger_functions.sql

-- Consumers
\ir functions/keep_registration.sql
\ir functions/lock_subscription.sql
\ir functions/register_consumer_at.sql
\ir functions/register_consumer.sql
\ir functions/main_consumer.sql
\ir functions/unregister_consumer.sql

-- Batches
\ir functions/find_tick_helper.sql
\ir functions/next_batch_custom.sql
\ir functions/next_batch_info.sql
\ir functions/next_batch.sql
\ir functions/finish_batch.sql
\ir functions/advance_consumer.sql
\ir functions/get_batch_info.sql

-- Events of a batch
\ir functions/batch_event_tables.sql
\ir functions/event_range_sql.sql
\ir functions/batch_event_sql.sql
\ir functions/get_batch_events.sql
\ir functions/get_batch_cursor.sql
\ir functions/fetch_events.sql

-- Retry
\ir functions/event_retry.sql
\ir functions/batch_retry.sql
\ir functions/event_retry_raw.sql
\ir functions/waiting_events.sql
\ir functions/retry_now.sql
\ir functions/retry_drop.sql

-- Dead letters, and decisions about many events at once
\ir functions/batch_owner.sql
\ir functions/events_retry.sql
\ir functions/events_dead.sql
\ir functions/event_dead.sql
\ir functions/drop_staged.sql
\ir functions/release_staged.sql
\ir functions/get_dead_events.sql
\ir functions/dead_retry.sql
\ir functions/dead_purge.sql

-- Maintenance
\ir functions/maint_retry_events.sql
\ir functions/maint_rotate_tables_step1.sql
\ir functions/maint_rotate_tables_step2.sql
\ir functions/maint_ticks.sql
\ir functions/maint_compact_ticks.sql
\ir functions/get_stale_consumers.sql
\ir functions/maint_stale_consumers.sql
\ir functions/maint_tables_to_vacuum.sql
\ir functions/maint_operations.sql

-- Monitoring
\ir functions/get_queue_info.sql
\ir functions/get_consumer_info.sql
\ir functions/version.sql

-- Rights
\ir grants.sql

commit;
