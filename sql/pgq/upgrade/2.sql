-- From schema 1 (version 0.1.0), whose tables this one adds to and does not change; and for tables that were made from
-- an older PgQ's dump.
do $$
begin
    perform pgq.upgrade_schema();
    if (select cardinality(conkey) from pg_constraint
        where conrelid = 'pgq.subscription'::regclass and conname = 'subscription_pkey') = 2
    then
        alter table pgq.subscription drop constraint subscription_pkey,
            add constraint subscription_pkey primary key (sub_queue, sub_consumer, sub_active);
        insert into pgq.registration (sub_queue, sub_consumer) select sub_queue, sub_consumer from pgq.subscription;
    end if;
end;
$$;
