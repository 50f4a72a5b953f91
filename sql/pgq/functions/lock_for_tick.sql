-- Makes the caller the only one to tick a queue until its transaction ends, and its commit a flushed one.
--
-- A tick and its snapshot are two steps. Without the lock a second ticker gets between them, and the later tick has the
-- earlier snapshot: some consumer sees events twice or never. So: lock, and then *in a new statement* the snapshot,
-- which is why only READ COMMITTED will do.
--
-- A tick that is on disk has everything that its snapshot sees on disk too, because that lies before it in the WAL. A
-- tick that is not (synchronous_commit off) can show rows that a crash takes back. With synchronous standbys it waits
-- for them like any commit, or a promoted one lacks what a subscriber has.
--
-- Called by: every function that stores a tick.
-- Locks: the advisory lock (pgq.lock_class(), queue id), until the end of the transaction.
create or replace function pgq.lock_for_tick(i_queue_id integer) returns void
language plpgsql
as $$
begin
    perform pgq.require_read_committed('a tick');
    perform pg_advisory_xact_lock(pgq.lock_class(), i_queue_id);
    if current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
        perform set_config('synchronous_commit', 'on', true);
    end if;
end;
$$;
