-- What keeps a table's changes from being captured wholly, each with what to type; no rows when nothing does.
-- Called by: refresh_capture, provider_check. Locks: none.
create or replace function londiste.capture_problems(i_table londiste.provider_table)
returns table (problem text, fix text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_oid oid := i_table.table_oid;
    v_members oid[] := londiste.members(v_oid);
    -- Said of triggers beside what they are joined by: so only theirs are read, however many tables there are.
    v_tree oid[] := v_oid || v_members;
    v_now text := (select format('%I.%I', n.nspname, c.relname)
                     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = i_table.table_oid);
    v_again text := format('londiste CONFIG provider remove %1$s, provider add, and on each subscriber subscriber resync',
                           i_table.table_name);
begin
    if v_now is null then
        return query select 'the table is gone', format('londiste CONFIG provider remove %s', i_table.table_name);
        return;
    elsif not exists (select from pgq.queue q where q.queue_id = i_table.queue_id) then
        return query select 'the queue is gone, nothing is captured',
                            format('londiste CONFIG provider remove %s, or add it again to a new queue', i_table.table_name);
        return;
    end if;

    if (londiste.table_key(v_oid, i_table.replica_identity)).key_columns is null then
        return query select concat_ws(': ', 'it has no usable key any more', k.reason), k.fix
                       from londiste.key_fault(v_oid, v_now, i_table.replica_identity) k;
    end if;
    if exists (select from londiste.capture_triggers(i_table.queue_id, v_oid, i_table.capture) n
                where (n.relation = v_oid or n.relation = any (i_table.members))
                  and not exists (select from pg_trigger t
                                   where t.tgrelid = any (v_tree) and t.tgrelid = n.relation and t.tgfoid = to_regproc(n.function_name)
                                     and t.tgenabled in ('O', 'A')
                                     -- Clones know only that of the level above them, but call the same function.
                                     and not exists (select from pg_trigger c
                                                      where c.tgrelid = any (v_members) and c.tgfoid = t.tgfoid
                                                        and c.tgparentid <> 0
                                                        and c.tgenabled not in ('O', 'A')))) then
        return query select 'capture triggers are missing or disabled, changes may be lost', v_again;
    elsif londiste.current_layout(v_oid, i_table.replica_identity) = i_table.layout_signature
          and londiste.capture_digest(i_table.queue_id, v_oid) is distinct from i_table.capture_digest then
        return query select 'somebody has changed its capture functions, changes may be lost', v_again;
    end if;
    if v_members is distinct from i_table.members then
        return query select format('its partition %s is new, and maintenance has not got its lock yet: until then a TRUNCATE of it, and'
                                   ' rows that it brought along, do not reach the subscribers', n.relation::regclass),
                            format('nothing if it was attached just now; else end what uses it: select pid, usename, state, xact_start,'
                                   ' query from pg_stat_activity where pid in (select pid from pg_locks where relation = %s)', n.relation)
                       from londiste.capture_triggers(i_table.queue_id, v_oid, i_table.capture) n
                      where n.relation <> v_oid and not n.relation = any (coalesce(i_table.members, '{}'))
                        and not exists (select from pg_trigger t
                                         where t.tgrelid = n.relation and t.tgfoid = to_regproc(n.function_name));
    end if;
    return query select format('its filter does not fit it any more, so that each write parks it: %s; the filter is %s', f.problem,
                               i_table.row_filter),
                        format('londiste CONFIG provider remove %1$s, provider add %1$s --where CONDITION, and on each subscriber'
                               ' subscriber resync %1$s', i_table.table_name)
                   from londiste.filter_problem(v_oid, i_table.row_filter) as f (problem) where f.problem is not null;
    if i_table.capture = 'statement' and exists (select from pg_inherits i where v_oid in (i.inhrelid, i.inhparent)) then
        return query select 'it has become part of an inheritance or partition tree: what is written through another member is not captured',
                            v_again;
    end if;
    if londiste.is_written_by_replication(v_oid) and exists (
           select from londiste.capture_triggers(i_table.queue_id, v_oid, i_table.capture) n
           join pg_trigger t on t.tgrelid = any (v_tree) and t.tgrelid = n.relation and t.tgfoid = to_regproc(n.function_name)
          where i_table.capture = 'statement' or t.tgenabled <> 'A') then
        return query select 'native logical replication writes to it, whose changes its capture does not see', v_again;
    end if;
    return query select format('it is a partition of table %s, which is in the set too: each of its changes is captured twice', r.table_name),
                        format('londiste CONFIG provider remove %s', i_table.table_name)
                   from londiste.set_relative(i_table.queue_name, v_oid) r where r.is_above;
    return query select format('its partition %s is a foreign table: what is written there is not captured', c.oid::regclass),
                        format('alter table %s detach partition %s', v_now, c.oid::regclass)
                   from pg_class c where c.oid = any (v_members) and c.relkind = 'f';
    if not londiste.can_read(v_oid) then
        return query select format('role %s cannot read all of it', current_user::regrole),
                            format('grant select on %s to %s, and let row security not apply to that role', v_now,
                                   current_user::regrole);
    end if;
end
$$;
