-- The last tick that a consumer has processed, or null.
create or replace function pgq_ext.get_last_tick(a_consumer text, a_subconsumer text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select last_tick_id from pgq_ext.completed_tick
        where consumer_id = a_consumer and subconsumer_id = a_subconsumer);
end;
$$;

create or replace function pgq_ext.get_last_tick(a_consumer text) returns bigint
language sql
as $$
    select pgq_ext.get_last_tick(a_consumer, '');
$$;
