-- Sets one parameter of a queue, given without its prefix queue_. Returns 1. Beside those of PgQ there are two of ours,
-- the columns of pgq.queue_setting; 'never' stands for no consumer_drop_after.
create or replace function pgq.set_queue_config(
    x_queue_name text, x_param_name text, x_param_value text
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    parameters constant text[] := array['ticker_max_count', 'ticker_max_lag', 'ticker_idle_period',
        'ticker_paused', 'rotation_period', 'external_ticker'];
    ours constant text[] := array['consumer_drop_after', 'ticks_kept'];
begin
    if x_queue_name is null or x_param_name is null or x_param_value is null then
        raise exception 'Invalid NULL value';
    end if;
    if not exists (select from pgq.queue where queue_name = x_queue_name) then
        raise exception 'No such event queue';
    end if;
    if x_param_name = any (ours) then
        execute format(
            'insert into pgq.queue_setting as s (queue_id, %1$I) select queue_id, %2$L from pgq.queue where queue_name = $1
             on conflict (queue_id) do update set %1$I = excluded.%1$I',
            x_param_name, case when x_param_name <> 'consumer_drop_after' or x_param_value <> 'never' then x_param_value end)
            using x_queue_name;
        return 1;
    end if;
    -- The stray s after the name is how PgQ has always worded it.
    if x_param_name <> all (parameters) then
        raise exception 'cannot change parameter "%s"', x_param_name
            using hint = 'the parameters are ' || array_to_string(parameters || ours, ', ');
    end if;
    execute format('update pgq.queue set %I = %L where queue_name = $1', 'queue_' || x_param_name, x_param_value)
        using x_queue_name;
    return 1;
end;
$$;
