-- The begin of an insert of events of a queue, as a format of which the argument is the number of the event table.
-- Called by: what writes events. Locks: none.
create or replace function londiste.event_insert(i_queue_id integer)
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select format('insert into pgq.event_%s_%%s (ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3) ', i_queue_id)
$$;
