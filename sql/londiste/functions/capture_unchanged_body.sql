-- The body of the function K that a table's row triggers have in their WHEN, as text: is the table what its capture functions
-- were generated for? The signature is read under the statement's snapshot, so that all triggers of a statement get
-- the same answer, whenever maintenance commits another. Asking the catalogue is most of what a row trigger costs, so the
-- trigger X, which the server always asks straight after that of the operation, asks again for the answer that was given.
-- It is kept in a setting, which is given back with a savepoint, and only that once: an ALTER may follow in the same
-- transaction.
-- Called by: create_capture. Locks: none.
create or replace function londiste.capture_unchanged_body(i_table londiste.provider_table)
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select format($body$
declare
    answer text := case when i_again then nullif(current_setting(%1$L, true), '') end;
    kept   text := '';
begin
    if answer is null then
        answer := exists (select from londiste.provider_table p
                           where p.queue_id = %2$s and p.table_oid = %3$s
                             and p.layout_signature = londiste.current_layout(%3$s, %4$L));
        kept := case when i_again then '' else answer end;
    end if;
    kept := set_config(%1$L, kept, true);
    return answer;
end
$body$,
        format('londiste.k%s_%s', i_table.queue_id, i_table.table_oid),
        i_table.queue_id, i_table.table_oid, i_table.replica_identity)
$$;
