-- Events are read in the order of their ids. What makes that safe is a horizon that their writers keep: docs/adr/0012-events-behind-their-writers.md
drop index events_cursor;
drop index events_organization_cursor;
alter table events drop column transaction_id;
create index events_organization on events (organization_id, id);

-- The last id that was given out. Read at once, whatever the transaction's snapshot.
create function last_event_id() returns bigint
  language sql volatile
  return (select last_value - case when is_called then 0 else 1 end from events_id_seq);

-- Before a transaction's first event gets its id, it takes a shared lock that tells an id below all of its own. The lock ends with the
-- transaction, after its rows can be seen; a rollback to a savepoint ends lock and setting alike.
create function register_event_writer() returns trigger
  language plpgsql
as $$
begin
  if coalesce(current_setting('app.writes_events', true), '') = '' then
    perform set_config('app.writes_events', 'yes', true);
    perform pg_advisory_xact_lock_shared(tg_relid::int, last_event_id()::bit(32)::int);
  end if;
  return null;
end
$$;
create trigger register_event_writer before insert on events
  for each statement execute function register_event_writer();

-- The id up to which every event is visible to a statement that begins after this one: none can appear there any more.
-- The last id is read before the locks, the locks before the events: a writer has its lock before its ids, and lets go of it after its rows
-- can be seen. A lock holds the lower 32 bits of an id.
create function event_horizon() returns bigint
  language plpgsql volatile
as $$
declare
  given_out bigint;
  below_writers bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'events can be read in transactions with read committed only';
  end if;
  given_out := last_event_id();
  select min(given_out + (((objid::bigint - given_out) + 2147483648) & 4294967295) - 2147483648) into below_writers
  from pg_locks
  where locktype = 'advisory' and classid = 'events'::regclass::oid and objsubid = 2
    and database = (select oid from pg_database where datname = current_database());
  return least(given_out, below_writers);
end
$$;

grant select on sequence events_id_seq to vibetribe_tenant, vibetribe_worker, vibetribe_identity;

-- One row. `cleaned_to`: the highest id that the clean-up has deleted; a client that knows none beyond it may have missed events.
create table event_log (
  only_row boolean primary key default true check (only_row),
  cleaned_to bigint not null default 0
);
insert into event_log default values;
grant select on event_log to vibetribe_tenant, vibetribe_worker;
grant update on event_log to vibetribe_worker;
