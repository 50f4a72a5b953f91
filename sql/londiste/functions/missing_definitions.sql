-- What copies have dropped from a table and not built again, the key first, and what is in partitions before the whole; i_table_name
-- null for all of the subscription, those included that are not on its list any more. What was in a partition that is gone is
-- left out. `has_index`: its index is there already; `is_there`: all of it is; `family`: the index that it is part of.
-- Called by: the copier, subscriber check, subscriber remove. Locks: none.
create or replace function londiste.missing_definitions(
    i_queue_name text, i_consumer_name text, i_table_name text default null,
    out table_name text, out kind text, out name text, out definition text, out create_index text, out add_constraint text, out finish text[],
    out tablespace text, out is_key boolean, out is_constraining boolean, out has_index boolean, out is_there boolean, out family text)
returns setof record language sql stable as $$
    select d.table_name, d.kind, d.name, d.definition, d.create_index, d.add_constraint, d.finish, d.tablespace, d.is_key, d.is_constraining,
           to_regclass(d.index_name) is not null,
           to_regclass(d.index_name) is not null
           and (d.kind = 'index'
                or exists (select from pg_catalog.pg_constraint k
                            where k.conindid = to_regclass(d.index_name) and k.contype in ('p', 'u', 'x'))),
           d.family
      from londiste.stored_definition d
     where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name
       and (i_table_name is null or d.table_name = i_table_name) and d.is_dropped
       and (d.level = 0 or to_regclass(d.relation) is not null)
     order by d.table_name, d.is_key desc, d.is_constraining desc, d.level desc, d.name
$$;
