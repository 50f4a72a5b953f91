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

    -- Ours: more ticks than are kept, the space of those that are gone, consumers that nobody runs.
    func_name := 'pgq.maint_ticks';
    for func_arg in
        select s.queue_name
        from pgq.own_setting s
        where (select max(t.tick_id) - min(t.tick_id) from pgq.tick t where t.tick_queue = s.queue_id) > s.ticks_kept
        order by 1
    loop
        return next;
    end loop;
    func_arg := null;
    if pg_total_relation_size('pgq.tick') > 524288 then
        func_name := 'pgq.maint_compact_ticks';
        return next;
    end if;
    if exists (select from pgq.queue_setting where consumer_drop_after is not null) then
        func_name := 'pgq.maint_stale_consumers';
        return next;
    end if;

    return query select 'vacuum'::text, t from pgq.maint_tables_to_vacuum() t;

    -- Of the schemas for cascades, where they are installed: what a root node has to publish.
    if to_regprocedure('pgq_node.maint_watermark(text)') is not null then
        return query execute
            $q$ select 'pgq_node.maint_watermark', n.queue_name from pgq_node.node_info n
                where n.node_type = 'root' order by 2 $q$;
    end if;
    if to_regprocedure('londiste.root_check_seqs(text)') is not null then
        return query execute
            $q$ select distinct 'londiste.root_check_seqs', n.queue_name
                from pgq_node.node_info n join londiste.seq_info s on s.queue_name = n.queue_name
                where n.node_type = 'root' and s.local order by 2 $q$;
    end if;
    if to_regprocedure('londiste.periodic_maintenance()') is not null then
        func_name := 'londiste.periodic_maintenance';
        func_arg := null;
        return next;
    end if;
end;
$$;
