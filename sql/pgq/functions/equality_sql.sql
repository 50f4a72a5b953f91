-- An expression that says whether a column has equal values in two rows of a table, $1 and $2, by the default equality
-- of its type; null where the type has none, or where equal values always have the same text.
create or replace function pgq.equality_sql(i_table regclass, i_column text, i_type oid) returns text
language plpgsql
as $$
declare
    x_base oid := i_type;
    x_kind "char";
    x_operator text;
    x_loose boolean;
begin
    loop
        select t.typtype, case when t.typtype = 'd' then t.typbasetype else t.oid end into x_kind, x_base
            from pg_type t where t.oid = x_base;
        exit when x_kind is distinct from 'd';
    end loop;

    -- int8, int2, int4, bool, uuid, date, timestamp, timestamptz, time, bytea, oid, name, char
    if x_base = any (array[20, 21, 23, 16, 2950, 1082, 1114, 1184, 1083, 17, 26, 19, 18]) then
        return null;
    elsif x_base = any (array[25, 1043]) then
        execute format('select not c.collisdeterministic from pg_collation c where c.oid = to_regcollation(pg_collation_for((null::%s).%I))',
            i_table, i_column) into x_loose;
        x_operator := case when x_loose then 'pg_catalog.=' end;
    elsif x_kind in ('r', 'm') then
        x_operator := 'pg_catalog.=';
    else
        select quote_ident(s.nspname) || '.' || p.oprname into x_operator
            from pg_opclass c
                join pg_am m on m.oid = c.opcmethod
                join pg_amop a on a.amopfamily = c.opcfamily and a.amoplefttype = c.opcintype and a.amoprighttype = c.opcintype
                    and a.amopstrategy = case m.amname when 'btree' then 3 else 1 end
                join pg_operator p on p.oid = a.amopopr
                join pg_namespace s on s.oid = p.oprnamespace
            where c.opcdefault and c.opcintype = x_base and m.amname in ('btree', 'hash')
            order by m.amname limit 1;
    end if;
    return case when x_operator is not null then
        format('($1).%1$I operator(%2$s) ($2).%1$I', i_column, x_operator) end;
end;
$$;
