-- pgq.urlencode_fields for texts with many different characters to encode, in time proportional to the length.
create or replace function pgq.urlencode_runs(i_text text) returns text
language sql stable
as $$
    select string_agg(case when m[1] is not null then m[1] else replace(pgq.percent_encode(m[2]), '%20', '+') end, '' order by n)
    from regexp_matches(i_text, '([0-9A-Za-z_.\x02\x7f-]+)|([^0-9A-Za-z_.\x02\x7f-]+)', 'g') with ordinality r (m, n);
$$;
