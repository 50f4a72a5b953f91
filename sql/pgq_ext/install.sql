-- PgQ's bookkeeping for consumers whose results lie in another database than the queue: what has been done is recorded
-- there, in the same transaction as the results. Needs no schema pgq beside it.
--
--     psql -d DATABASE -f sql/pgq_ext/install.sql
--
-- Any role that owns the database may run it, as often as it likes: what is there is kept, functions are made anew.
-- The installer of the command line reads this same file: titled groups, and the order in which they run.

\set ON_ERROR_STOP on

-- The shape of the tables here, and the oldest shape that code must know to work on them.
\set schema_version 1
\set oldest_code 1

begin;
set local client_min_messages = warning;

-- Refuse what we cannot upgrade, one installer at a time
select pg_catalog.set_config('pgq_ext.schema_version', :'schema_version', true);
select pg_catalog.set_config('pgq_ext.oldest_code', :'oldest_code', true);
\ir guard.sql

-- Tables
\ir schema.sql

-- Batches
\ir functions/is_batch_done.sql
\ir functions/set_batch_done.sql

-- Events within a batch
\ir functions/is_event_done.sql
\ir functions/set_event_done.sql

-- Ticks
\ir functions/get_last_tick.sql
\ir functions/set_last_tick.sql

-- What is here
\ir functions/version.sql
\ir functions/upgrade_schema.sql

-- Rights
\ir grants.sql

commit;
