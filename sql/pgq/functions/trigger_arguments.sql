-- Takes the arguments of a trigger apart: the part of pgq.trigger_layout() that needs no table.
-- i_trigger: the table's oid, BEFORE or AFTER, the trigger function, and the arguments.
create or replace function pgq.trigger_arguments(i_trigger text[]) returns pgq.trigger_layout
language plpgsql immutable
as $$
declare
    l pgq.trigger_layout;
    x_argument text;
    x_name text;
    x_value text;
begin
    l.format := i_trigger[3];
    l.queue := i_trigger[4];
    l.skip := false;
    l.deny := false;
    l.backup := false;
    l.ignored_names := '{}';
    l.unknown := '{}';
    l.fields := '{}';
    l.expressions := '{}';
    if l.queue is null then
        raise exception 'pgq trigger must have destination queue as argument';
    end if;

    if l.format = 'logtriga' then
        if i_trigger[2] <> 'AFTER' then
            raise exception 'pgq.logtriga must be fired AFTER';
        end if;
        if cardinality(i_trigger) not in (5, 6) then
            raise exception 'pgq.logtriga must be used with 2 or 3 args';
        end if;
        l.letters := i_trigger[5];
        return l;
    end if;

    foreach x_argument in array i_trigger[5:] loop
        x_name := substring(x_argument from '^(ignore|pkey|when|ev_type|ev_data|ev_extra[1-4])=');
        x_value := substr(x_argument, length(x_name) + 2);
        if x_argument = 'SKIP' then
            if i_trigger[2] <> 'BEFORE' then
                raise exception 'SKIP does not work in AFTER trigger.';
            end if;
            l.skip := true;
        elsif x_argument = 'deny' then
            l.deny := true;
        elsif x_argument = 'backup' then
            l.backup := true;
            l.no_truncate := coalesce(l.no_truncate, 'Backup does not make sense for truncate trigger');
        elsif x_name = 'ignore' then
            l.ignored_names := array(select trim(n) from unnest(string_to_array(x_value, ',')) n);
            l.no_truncate := coalesce(l.no_truncate, 'Column ignore does not make sense for truncate trigger');
        elsif x_name = 'pkey' then
            l.key_names := case when x_value = '' then array[''] else string_to_array(x_value, ',') end;
            l.no_truncate := coalesce(l.no_truncate, 'Custom pkey_list does not make sense for truncate trigger');
        elsif x_name is not null then
            l.no_truncate := coalesce(l.no_truncate, 'Custom expressions do not make sense for truncater trigger');
            -- The first of two for the same field counts.
            if x_name <> all (l.fields) then
                l.fields := l.fields || x_name;
                l.expressions := l.expressions || x_value;
            end if;
        else
            raise exception 'bad param to pgq trigger';
        end if;
    end loop;
    return l;
end;
$$;
