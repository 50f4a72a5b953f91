-- Encodes a text for use in a URL, as PgQ does: a space is +, letters, digits and _ - . stand for themselves, each other
-- byte of the text in the server's encoding is % and two small hexadecimal digits. But chr(2) and chr(127) are left alone:
-- pgq.row_data encodes a row at once, with those between and for its fields.
create or replace function pgq.urlencode_fields(i_text text) returns text
language plpgsql stable
as $$
declare
    x_result text;
    x_character text;
begin
    if i_text !~ '[^0-9A-Za-z_.\x02\x7f-]' then
        return i_text;
    end if;

    -- First % and +, which others become. Then what dates, numbers and prose have, and last one replace for each different
    -- character that is left.
    x_result := replace(replace(replace(i_text, '%', '%25'), '+', '%2b'), ' ', '+');
    x_result := replace(replace(replace(x_result, ':', '%3a'), ',', '%2c'), '''', '%27');
    for x_different in 1 .. 40 loop
        x_character := substring(x_result from '[^0-9A-Za-z_.%+\x02\x7f-]');
        if x_character is null then
            return x_result;
        end if;
        x_result := replace(x_result, x_character, case
            when x_character ~ '[\x01-\x7f]' then '%' || lpad(to_hex(ascii(x_character)), 2, '0')
            else pgq.percent_encode(x_character)
        end);
    end loop;
    return pgq.urlencode_runs(i_text);
end;
$$;
