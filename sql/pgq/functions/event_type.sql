-- The type of the event of an operation: INSERT, UPDATE, DELETE or TRUNCATE.
create or replace function pgq.event_type(i_layout pgq.trigger_layout, i_op text, i_schema text, i_table text) returns text
language plpgsql immutable
as $$
begin
    if i_layout.format = 'jsontriga' then
        return concat('{"op":"', i_op, '","table":[', to_json(i_schema), ',', to_json(i_table), '],"pkey":',
            to_json(i_layout.key_names), '}');
    elsif i_layout.format = 'logutriga' and i_op <> 'TRUNCATE' then
        return concat(left(i_op, 1), ':', array_to_string(i_layout.key_names, ','));
    end if;
    return case i_op when 'TRUNCATE' then 'R' else left(i_op, 1) end;
end;
$$;
