-- Several workers on one consumer of PgQ: each takes a batch of its own. Needs schema pgq.
--
--     psql -d DATABASE -f sql/pgq_coop/install.sql
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
select pg_catalog.set_config('pgq_coop.schema_version', :'schema_version', true);
select pg_catalog.set_config('pgq_coop.oldest_code', :'oldest_code', true);
\ir guard.sql

-- Tables
\ir schema.sql

-- Workers
\ir functions/register_subconsumer.sql
\ir functions/unregister_subconsumer.sql

-- Batches
\ir functions/next_batch_custom.sql
\ir functions/next_batch.sql
\ir functions/finish_batch.sql

-- What is here
\ir functions/version.sql

-- Rights
\ir grants.sql

commit;
