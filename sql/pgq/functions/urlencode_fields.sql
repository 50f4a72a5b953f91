-- Encodes a text for use in a URL, as PgQ does: a space is +, letters, digits and _ - . stand for themselves, each other
-- byte of the text in the server's encoding is % and two small hexadecimal digits. But chr(2) and chr(127) are left alone:
-- pgq.row_data encodes a row at once, with those between and for its fields.
create or replace function pgq.urlencode_fields(i_text text) returns text
language plpgsql stable
as $$
declare
    x_result text := i_text;
    x_left text;
    x_character text;
    x_different integer := 0;
begin
    if i_text !~ '[^0-9A-Za-z_.\x02\x7f-]' then
        return i_text;
    end if;
    x_left := regexp_replace(i_text, '[0-9A-Za-z_.\x02\x7f-]+', '', 'g');

    -- % first: it is what the others become. One replace for each different character.
    if strpos(x_left, '%') > 0 then
        x_result := replace(x_result, '%', '%25');
        x_left := replace(x_left, '%', '');
    end if;
    if strpos(x_left, '+') > 0 then
        x_result := replace(x_result, '+', '%2b');
        x_left := replace(x_left, '+', '');
    end if;
    if strpos(x_left, ' ') > 0 then
        x_result := replace(x_result, ' ', '+');
        x_left := replace(x_left, ' ', '');
    end if;
    while x_left <> '' loop
        x_different := x_different + 1;
        if x_different > 40 then
            return pgq.urlencode_runs(i_text);
        end if;
        x_character := left(x_left, 1);
        x_result := replace(x_result, x_character, pgq.percent_encode(x_character));
        x_left := replace(x_left, x_character, '');
    end loop;
    return x_result;
end;
$$;
