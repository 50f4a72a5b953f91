-- The type of an event of pgq.jsontriga. i_op: INSERT, UPDATE, DELETE or TRUNCATE.
create or replace function pgq.json_event_type(i_layout pgq.trigger_layout, i_op text, i_schema text, i_table text)
returns text
language plpgsql immutable
as $$
begin
    return concat('{"op":"', i_op, '","table":[', to_json(i_schema), ',', to_json(i_table), '],"pkey":',
        array_to_json(i_layout.key_names), '}');
end;
$$;
