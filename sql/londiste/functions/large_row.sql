-- A condition that says that the text of row i_alias might exceed what one value can hold (1 GB); null for a table whose
-- rows never do. What is stored of a value may be compressed by up to 255, and its text may be four times as long as what it
-- was compressed from. Of a value that is stored apart only its length is looked at.
-- Called by: capture_body, capture_row_body. Locks: none.
create or replace function londiste.large_row(i_table oid, i_alias text)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select string_agg(format('coalesce(pg_column_size(%s.%I), 0)::bigint', i_alias, a.attname), ' + ' order by a.attnum)
           || ' > 500000'
      from pg_attribute a
     where a.attrelid = i_table and a.attnum > 0 and not a.attisdropped and a.attlen = -1 and a.attgenerated <> 'v'
       and a.atttypid <> all ('{numeric,inet,cidr}'::regtype[])
       and (a.atttypid <> all ('{varchar,bpchar,bit,varbit}'::regtype[]) or a.atttypmod = -1 or a.atttypmod > 10000)
$$;
