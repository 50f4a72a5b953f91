-- A whole row, as pgq.jsontriga writes it, and as pgq.logutriga does, and the others in a backup. i_text: the row's own
-- text; i_fields: what pgq.row_fields makes of it; i_dates: the row by row_to_json, for its dates, or null.
--
-- Encoding field by field costs some microseconds for each. So the fields are encoded together, with chr(127) between
-- them and chr(2) for null, and then put between the names; one chr(127) more, since an empty text is an empty array. A row that has those characters itself goes the long way.
create or replace function pgq.row_data(i_layout pgq.trigger_layout, i_text text, i_fields text[], i_dates json)
returns text
language plpgsql stable
as $$
declare
    x_fields text[] := i_fields;
    x_data text;
    x_position integer;
begin
    if i_dates is not null then
        foreach x_position in array array_positions(i_layout.kinds, 'd') loop
            x_fields[x_position] := i_dates ->> i_layout.names[x_position];
        end loop;
    end if;
    if strpos(i_text, chr(127)) > 0 or strpos(i_text, chr(2)) > 0 then
        return pgq.odd_row_data(i_layout, x_fields);
    end if;

    x_data := array_to_string(x_fields, chr(127), chr(2));
    if i_layout.format = 'jsontriga' then
        x_data := to_json(x_data)::text;
        x_data := format(i_layout.row_format, variadic string_to_array(substr(x_data, 2, length(x_data) - 2) || chr(127), chr(127)));
        -- To a null a text has become "\u0002" now, a number \u0002, which no value can be.
        x_data := replace(replace(x_data, '"\u0002"', 'null'), ':\u0002', ':null');
        if 'b' = any (i_layout.kinds) then
            x_data := replace(replace(replace(x_data, chr(1) || 't', 'true'), chr(1) || 'f', 'false'), chr(1) || '\u0002', 'null');
        end if;
        return x_data;
    end if;
    x_data := format(i_layout.row_format, variadic string_to_array(pgq.urlencode_fields(x_data) || chr(127), chr(127)));
    return replace(x_data, '=' || chr(2), '');
end;
$$;
