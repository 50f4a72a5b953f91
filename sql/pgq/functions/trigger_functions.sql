-- The trigger functions, for `execute procedure pgq.logutriga('queue', 'argument', ...)`:
--
--     pgq.logutriga   the whole row, urlencoded         pgq.sqltriga   a fragment of SQL, what has changed
--     pgq.jsontriga   the whole row as JSON             pgq.logtriga   as sqltriga; a letter for each column says what
--                                                                      it is: key, value, ignored
--
-- They have one body, because what must differ for each trigger is in it: the expression with pgq.trigger_layout(), and
-- the types of the rows.
do $$
declare
    x_function text;
begin
    foreach x_function in array array['logutriga', 'jsontriga', 'sqltriga', 'logtriga'] loop
        execute format($format$
create or replace function pgq.%1$s() returns trigger
language plpgsql
as $trigger$
declare
    x_layout pgq.trigger_layout;
    x_context text;
    x_event bigint;
begin
    if current_setting('session_replication_role') <> 'local' then
        x_context := set_config('pgq.trigger', (array[tg_relid::text, tg_when, '%1$s'] || tg_argv)::text, true);
        x_layout := case when pgq.trigger_table() = tg_relid then pgq.trigger_layout() end;
        if x_layout.settled is not true then
            x_layout := pgq.read_trigger_layout(x_context::text[]);
        end if;

        if x_layout.deny then
            raise exception 'Table ''%%.%%'' to queue ''%%'': change not allowed (%%)',
                    tg_table_schema, tg_table_name, x_layout.queue, tg_op;
        elsif tg_op = 'TRUNCATE' then
            x_event := pgq.truncate_event(x_layout, tg_table_schema, tg_table_name);
        elsif tg_level <> 'ROW' then
            raise exception 'pgq Ins/Upd/Del trigger must be fired FOR EACH ROW';
        elsif tg_op = 'INSERT' then
            x_event := pgq.row_event(x_layout, tg_op, tg_table_schema, tg_table_name, new, new);
        elsif tg_op = 'UPDATE' then
            x_event := pgq.row_event(x_layout, tg_op, tg_table_schema, tg_table_name, old, new);
        else
            x_event := pgq.row_event(x_layout, tg_op, tg_table_schema, tg_table_name, old, old);
        end if;
    end if;

    if x_layout.skip or tg_when = 'AFTER' or tg_op = 'TRUNCATE' then
        return null;
    elsif tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end;
$trigger$ $format$, x_function);
    end loop;
end;
$$;
