-- Where the sequences of a queue's set stand, read from the sequences themselves, all in one query. Sequences are
-- outside of snapshots: read after a tick was seen, they are not behind what any transaction of that tick was
-- handed out. A sequence that was dropped is left out; maintenance warns of it.
-- Called by: replay, when it fetches a batch. Locks: none.
create or replace function londiste.sequence_values(
    i_queue_name text, out seq_name text, out last_value bigint, out is_called boolean)
returns setof record language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_query text;
begin
    select string_agg(format('select %L::text, s.last_value, s.is_called from %s s', p.seq_name, c.oid::regclass),
                      ' union all ' order by p.nr)
      into v_query
      from londiste.provider_seq p join pg_class c on c.oid = p.seq_oid
     where p.queue_name = i_queue_name;
    if v_query is not null then
        return query execute v_query;
    end if;
end
$$;
