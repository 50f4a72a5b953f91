-- The last value that a sequence gave out, as `schema.name` names it.
-- It reads the sequence itself: pg_sequences says nothing of sequences that the caller may not use.
-- Called by: monitoring.
create or replace function pgq.seq_getval(i_seq_name text) returns bigint
language plpgsql strict
as $$
declare
    last bigint;
begin
    execute format('select last_value from %s', pgq.quote_fqname(i_seq_name)) into last;
    return last;
end;
$$;
