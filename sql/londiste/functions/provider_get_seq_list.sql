-- The sequences of a queue's set in the order in which they were added. Called by: provider seqs. Locks: none.
create or replace function londiste.provider_get_seq_list(i_queue_name text, out seq_name text, out nr integer)
returns setof record language sql stable as $$
    select p.seq_name, p.nr from londiste.provider_seq p where p.queue_name = i_queue_name order by p.nr
$$;
