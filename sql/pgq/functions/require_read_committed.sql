-- Refuses every isolation level in which the next statement would not see what others have committed meanwhile.
-- Called by: everything that takes a lock and then looks: ticks, rotation, registration.
create or replace function pgq.require_read_committed(i_what text) returns void
language plpgsql
as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception '% must run in a READ COMMITTED transaction, not %',
                i_what, upper(current_setting('transaction_isolation'))
            using errcode = 'invalid_transaction_state',
                hint = 'begin the transaction with: begin isolation level read committed';
    end if;
end;
$$;
