-- Moves a sequence forward to a value, never back; returns what it stands at.
-- For sequences with one writer: a nextval() between the reading and the setting would be taken back.
-- Called by: pgq.ticker for external ticks, under the queue's tick lock.
create or replace function pgq.seq_setval(i_seq_name text, i_new_value bigint) returns bigint
language plpgsql strict
as $$
declare
    last bigint := pgq.seq_getval(i_seq_name);
begin
    if last < i_new_value then
        last := setval(pgq.quote_fqname(i_seq_name)::regclass, i_new_value);
    end if;
    return last;
end;
$$;
