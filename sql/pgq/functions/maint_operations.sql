-- What maintenance has to do now, in this order. Each row is a transaction of its own: `select func_name(func_arg)`,
-- without an argument where that is null, and again as long as it returns something other than 0; except `vacuum` and
-- `vacuum analyze`, which are statements.
-- Called by: the maintainer.
create or replace function pgq.maint_operations(out func_name text, out func_arg text) returns setof record
language plpgsql
as $$
declare
    rotates boolean := false;
begin
    func_name := 'pgq.maint_rotate_tables_step1';
    for func_arg in
        select queue_name from pgq.queue
        where queue_rotation_period is not null
            and queue_switch_step2 is not null
            and queue_switch_time + queue_rotation_period < current_timestamp
        order by 1
    loop
        rotates := true;
        return next;
    end loop;

    if rotates or exists (select from pgq.queue where queue_switch_step2 is null) then
        func_name := 'pgq.maint_rotate_tables_step2';
        func_arg := null;
        return next;
    end if;

    return query
        select extra, q.queue_name
        from pgq.queue q cross join unnest(q.queue_extra_maint) with ordinality e (extra, n)
        order by q.queue_name, e.n;

    return query select 'vacuum'::text, t from pgq.maint_tables_to_vacuum() t;

    if to_regprocedure('londiste.periodic_maintenance()') is not null then
        func_name := 'londiste.periodic_maintenance';
        func_arg := null;
        return next;
    end if;
end;
$$;
