-- Londiste in plain SQL: the provider's side, which captures changes into a queue, and the subscriber's, which knows
-- how far they have been applied. Both sides get all of it; only the provider needs schema pgq beside it.
--
--     psql -d DATABASE -f sql/londiste/install.sql
--
-- Any role that owns the database may run it, as often as it likes: what is there is kept, functions are made anew.
-- The installer of the command line reads this same file: titled groups, and the order in which they run.

\set ON_ERROR_STOP on

-- The shape of the tables here, and the oldest shape that code must know to work on them.
\set schema_version 2
\set oldest_code 1

begin;
set local client_min_messages = warning;

-- Refuse what we cannot upgrade, one installer at a time
select pg_catalog.set_config('londiste.schema_version', :'schema_version', true);
select pg_catalog.set_config('londiste.oldest_code', :'oldest_code', true);
\ir guard.sql

-- Tables
\ir schema.sql
\ir subscriber.sql

-- What earlier versions made in another shape; nothing where this one has made it
\ir upgrade/2.sql

-- What a table is: its name, key, layout
\ir functions/find_relation.sql
\ir functions/queue_id.sql
\ir functions/members.sql
\ir functions/table_key.sql
\ir functions/key_fault.sql
\ir functions/is_replaced.sql
\ir functions/current_layout.sql
\ir functions/layout.sql
\ir functions/table_layout.sql
\ir functions/note_layout.sql
\ir functions/can_read.sql
\ir functions/column_names.sql
\ir functions/event_insert.sql
\ir functions/describe_table.sql
\ir functions/table_files.sql
\ir functions/table_definition.sql

-- Capture: from a statement's transition tables to events
\ir functions/key_list.sql
\ir functions/key_same.sql
\ir functions/key_join.sql
\ir functions/row_of_table.sql
\ir functions/own_rows.sql
\ir functions/state_query.sql
\ir functions/capture_query.sql
\ir functions/capture_short_query.sql
\ir functions/unknown_layout_events.sql
\ir functions/capture_truncate.sql
\ir functions/capture_partition_truncate.sql

-- Capture: functions and triggers of a table
\ir functions/capture_name.sql
\ir functions/output_settings.sql
\ir functions/capture_digest.sql
\ir functions/into_event_table.sql
\ir functions/large_row.sql
\ir functions/is_fault_of_rows.sql
\ir functions/text_of_row.sql
\ir functions/announce_lost.sql
\ir functions/capture_body.sql
\ir functions/capture_row_insert.sql
\ir functions/capture_row_body.sql
\ir functions/capture_row_changed.sql
\ir functions/capture_truncate_body.sql
\ir functions/capture_unchanged_body.sql
\ir functions/capture_bodies.sql
\ir functions/create_capture.sql
\ir functions/is_written_by_replication.sql
\ir functions/capture_triggers.sql
\ir functions/create_capture_triggers.sql
\ir functions/drop_capture.sql

-- Provider: the set of a queue
\ir functions/check_capturable.sql
\ir functions/set_relative.sql
\ir functions/lock_patience.sql
\ir functions/check_filter.sql
\ir functions/provider_add_table.sql
\ir functions/provider_remove_table.sql
\ir functions/provider_get_table_list.sql
\ir functions/provider_get_missing_tables.sql
\ir functions/provider_add_seq.sql
\ir functions/provider_remove_seq.sql
\ir functions/provider_get_seq_list.sql
\ir functions/sequence_values.sql

-- Provider: its subscribers, and the events that they need
\ir functions/subscribe.sql
\ir functions/unsubscribe.sql
\ir functions/lock_subscription.sql
\ir functions/consumer_tick.sql
\ir functions/replay_lag.sql
\ir functions/held_from.sql
\ir functions/held_tick.sql
\ir functions/hold_events.sql
\ir functions/release_events.sql
\ir functions/raise_fence.sql
\ir functions/data_for_copy.sql
\ir functions/event_range_sql.sql
\ir functions/tick_at.sql
\ir functions/next_range.sql

-- Provider: maintenance
\ir functions/filter_problem.sql
\ir functions/capture_problems.sql
\ir functions/came_with_rows.sql
\ir functions/refresh_members.sql
\ir functions/refresh_capture.sql
\ir functions/refresh_captures.sql
\ir functions/periodic_maintenance.sql
\ir functions/provider_check.sql

-- Subscriber: its tables and sequences
\ir functions/landing_table.sql
\ir functions/needs_shadow.sql
\ir functions/drop_shadow.sql
\ir functions/reset_table.sql
\ir functions/subscriber_add_table.sql
\ir functions/subscriber_remove_table.sql
\ir functions/subscriber_resync_table.sql
\ir functions/subscriber_retry_table.sql
\ir functions/expect_sync.sql
\ir functions/subscriber_get_table_list.sql
\ir functions/subscriber_add_seq.sql
\ir functions/subscriber_remove_seq.sql
\ir functions/subscriber_get_seq_list.sql

-- Subscriber: position and states
\ir functions/lock_holder.sql
\ir functions/open_position.sql
\ir functions/claim_position.sql
\ir functions/lock_position.sql
\ir functions/set_position.sql
\ir functions/reset_position.sql
\ir functions/note_table_changes.sql
\ir functions/set_table_state.sql
\ir functions/set_table_error.sql
\ir functions/park_table.sql
\ir functions/lock_targets.sql
\ir functions/set_sequence.sql

-- Subscriber: copies
\ir functions/set_copy_options.sql
\ir functions/start_copy.sql
\ir functions/create_shadow.sql
\ir functions/sweep_shadows.sql
\ir functions/index_definitions.sql
\ir functions/attach_indexes.sql
\ir functions/drop_indexes.sql
\ir functions/take_off_indexes.sql
\ir functions/store_copy.sql
\ir functions/clear_target.sql
\ir functions/continue_copy.sql
\ir functions/copy_ranges.sql
\ir functions/land_range.sql
\ir functions/land_copy.sql
\ir functions/missing_definitions.sql
\ir functions/copy_progress.sql
\ir functions/lock_copied_table.sql
\ir functions/pause_copy.sql
\ir functions/resume_copy.sql
\ir functions/cancel_copy.sql
\ir functions/definition_built.sql

-- Subscriber: compare and repair, and replay's part in them
\ir functions/session_lock.sql
\ir functions/replay_holder.sql
\ir functions/open_compare.sql
\ir functions/announce_compare.sql
\ir functions/set_compare_tick.sql
\ir functions/await_compare.sql
\ir functions/end_compare.sql
\ir functions/store_repair.sql
\ir functions/finish_repair.sql
\ir functions/note_compared.sql

-- Rights
\ir grants.sql

commit;
