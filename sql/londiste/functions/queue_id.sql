-- The number of a queue; raises when there is no such queue.
-- Called by: the provider's functions. Locks: none.
create or replace function londiste.queue_id(i_queue_name text)
returns integer language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_id integer;
begin
    select q.queue_id into v_id from pgq.queue q where q.queue_name = i_queue_name;
    if not found then
        raise exception 'no such queue: %', i_queue_name
            using errcode = 'undefined_object', hint = 'create it: londiste CONFIG provider install';
    end if;
    return v_id;
end
$$;
