-- Whoever deletes events tells of the hole, the cascade of an organization too: a client from before it starts anew, and no publisher takes it
-- for a database that went back in time.
create function note_deleted_events() returns trigger
  language plpgsql
as $$
begin
  update event_log set cleaned_to = greatest(cleaned_to, (select max(id) from gone)) where exists (select 1 from gone);
  return null;
end
$$;
create trigger note_deleted_events after delete on events referencing old table as gone
  for each statement execute function note_deleted_events();
