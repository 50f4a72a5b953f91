-- Keeps in pgq.registration which consumers pgq.subscription has, and so refuses a second row of the same one. A unique
-- index of pgq.subscription itself would look at every dead version of a row whenever a batch makes a new one.
-- Called by: triggers of pgq.subscription.
create or replace function pgq.keep_registration() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'TRUNCATE' then
        truncate pgq.registration;
        return null;
    end if;
    if tg_op in ('UPDATE', 'DELETE') then
        delete from pgq.registration r where r.sub_queue = old.sub_queue and r.sub_consumer = old.sub_consumer;
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        insert into pgq.registration (sub_queue, sub_consumer) values (new.sub_queue, new.sub_consumer);
    end if;
    return null;
end;
$$;

create or replace trigger keep_registration after insert or delete or update of sub_queue, sub_consumer
    on pgq.subscription for each row execute function pgq.keep_registration();
create or replace trigger keep_registration_of_all after truncate
    on pgq.subscription for each statement execute function pgq.keep_registration();
