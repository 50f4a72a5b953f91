-- Nobody but the owner needs anything here: capture functions run as their owner whoever writes to a table. Without
-- usage on the schema nothing in it can be called; taking the functions away as well outlives a careless `grant
-- usage`.

revoke all on schema londiste from public;
revoke all on all functions in schema londiste from public;

-- What a row trigger's WHEN asks is asked as whoever writes to the table.
do $$
declare
    v_function regprocedure;
begin
    for v_function in
        select p.oid from pg_catalog.pg_proc p
         where p.pronamespace = 'londiste'::regnamespace and p.proname ~ '^capture_[0-9]+_[0-9]+_k$'
    loop
        execute format('grant execute on function %s to public', v_function);
    end loop;
end
$$;
