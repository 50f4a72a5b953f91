-- Every byte of a text, in the server's encoding, as % and two hexadecimal digits.
create or replace function pgq.percent_encode(i_text text) returns text
language sql stable
as $$
    select regexp_replace(encode(convert_to(i_text, getdatabaseencoding()), 'hex'), '(..)', '%\1', 'g');
$$;
