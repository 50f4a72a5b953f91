-- The text of a row, null where one value cannot hold it: whoever reads an event without its row parks the table. It costs
-- a savepoint, so it is for rows that are large.
-- Called by: queries of state_query, in capture functions. Locks: none.
create or replace function londiste.text_of_row(i_row record)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    return i_row::text;
exception
    when others or assert_failure then
        if not londiste.is_fault_of_rows(sqlstate) then
            raise;
        end if;
        return null;
end
$$;
