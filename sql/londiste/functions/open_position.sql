-- Makes the position row of a subscription, if it is not there yet. A row that belongs to another provider is refused:
-- its tables hold that provider's rows.
-- Called by: londiste subscriber install|register|add. Locks: the row.
create or replace function londiste.open_position(i_queue_name text, i_consumer_name text, i_provider_node uuid)
returns void language plpgsql as $$
declare
    v_provider uuid;
begin
    insert into londiste.position (queue_name, consumer_name, provider_node)
    values (i_queue_name, i_consumer_name, i_provider_node)
    on conflict do nothing;

    select p.provider_node into v_provider
      from londiste.position p
     where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name;

    if v_provider <> i_provider_node then
        raise exception 'consumer % of queue % follows another provider here (node %)', i_consumer_name, i_queue_name, v_provider
            using errcode = '55000',
                  hint = 'use another job_name, or drop that subscription first: londiste ... subscriber unregister';
    end if;
end
$$;
