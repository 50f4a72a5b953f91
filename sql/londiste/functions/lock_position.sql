-- The position row, locked until the end of the transaction. Raises LD001 when the fence is no longer the caller's.
-- Called by: replay first in each batch, the copier last in each of its steps, the commands that change a table that replay may hold
-- (they pass no fence). Locks: the row.
create or replace function londiste.lock_position(i_queue_name text, i_consumer_name text, i_fence bigint default null)
returns setof londiste.position language plpgsql as $$
declare
    v_position londiste.position;
begin
    select * into v_position
      from londiste.position p
     where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name
       for update;
    if not found then
        raise exception 'no subscription of consumer % to queue % here', i_consumer_name, i_queue_name
            using errcode = '55000', hint = 'run: londiste ... subscriber install';
    end if;
    if v_position.fence <> i_fence then
        raise exception 'another replay serves consumer % of queue % now (fence %, ours is %)',
            i_consumer_name, i_queue_name, v_position.fence, i_fence
            using errcode = 'LD001';
    end if;
    return next v_position;
end
$$;
