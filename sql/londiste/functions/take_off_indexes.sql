-- Takes the indexes off a table that the caller has just emptied and fills in this same transaction, at whose end they are there
-- again: so nothing needs to be stored. Returns how to make them, in the order in which to.
-- Called by: the copier, for tables no larger than a range. Locks: the table.
create or replace function londiste.take_off_indexes(
    i_table_name text, out kind text, out name text, out create_index text, out add_constraint text, out finish text[], out tablespace text)
returns setof record language plpgsql as $$
declare
    v_all jsonb := (select jsonb_agg(to_jsonb(x)) from londiste.index_definitions(i_table_name::regclass) x where x.is_droppable);
    v_gone text[] := londiste.drop_indexes(array(
        select distinct x.family from jsonb_to_recordset(v_all) as x (family text)));
begin
    return query
    select x.kind, x.name, x.create_index, x.add_constraint, x.finish, x.tablespace
      from jsonb_to_recordset(v_all) as x (
           kind text, name text, create_index text, add_constraint text, finish text[], tablespace text, family text, level integer)
     where x.family = any (v_gone)
     order by x.level desc, x.name;
end
$$;
