-- pgq.row_data, field by field: for rows with characters that it needs for itself.
create or replace function pgq.odd_row_data(i_layout pgq.trigger_layout, i_fields text[]) returns text
language sql stable
as $$
    select case i_layout.format
            when 'jsontriga' then '{' || coalesce(string_agg(to_json(name)::text || ':' || case
                    when field is null then 'null'
                    when kind = 'n' then field
                    when kind = 'b' then case field when 't' then 'true' else 'false' end
                    else to_json(field)::text
                end, ',' order by n), '') || '}'
            else coalesce(string_agg(pgq.urlencode(name) || coalesce('=' || pgq.urlencode(field), ''), '&' order by n), '')
        end
    from unnest(i_layout.names, i_layout.kinds, i_fields) with ordinality c (name, kind, field, n)
    where n = any (i_layout.logged);
$$;
