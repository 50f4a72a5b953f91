-- A table or sequence by what a person typed (name, schema.name, "quoted"."name"; schema public when none is
-- given), with the name by which sets know it. Names fold as SQL's do. oid and kind are null when there is no such
-- relation.
-- Called by: provider_add_table, provider_remove_table and the same of sequences. Locks: none.
create or replace function londiste.find_relation(
    i_name text, out relation_name text, out relation oid, out kind "char", out persistence "char",
    out owner oid, out schema_name text)
returns record language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_parts text[] := parse_ident(i_name);
begin
    if cardinality(v_parts) = 1 then
        v_parts := 'public'::text || v_parts;
    end if;
    if cardinality(v_parts) <> 2 then
        raise exception 'not a table or sequence name: %', i_name
            using errcode = 'invalid_name', hint = 'write NAME, SCHEMA.NAME or "quoted schema"."quoted name"';
    end if;
    schema_name := v_parts[1];
    relation_name := format('%I.%I', v_parts[1], v_parts[2]);
    select c.oid, c.relkind, c.relpersistence, c.relowner
      into relation, kind, persistence, owner
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = v_parts[1] and c.relname = v_parts[2];
end
$$;
