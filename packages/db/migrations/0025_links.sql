-- Links that were sent by mail: a password to reset, an address to confirm. Each works once; only its hash is here.
create table mailed_links (
  token_hash text primary key,
  purpose text not null check (purpose in ('password_reset', 'email_change')),
  -- Whom it was sent to; of a reset nobody is told whether a user has the address.
  email text not null,
  user_id text references users (id) on delete cascade,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  check ((purpose = 'email_change') = (user_id is not null))
);
create index mailed_links_email on mailed_links (email);

alter table mailed_links enable row level security;
alter table mailed_links force row level security;
create policy identity on mailed_links to vibetribe_identity using (true) with check (true);
create policy worker on mailed_links to vibetribe_worker using (true) with check (true);
grant select, insert, delete on mailed_links to vibetribe_identity;
grant select, update, delete on mailed_links to vibetribe_worker;

-- What a user changes about themselves stands in the log of each organization that they belong to.
create function audit_user() returns trigger language plpgsql as $$
begin
  if old.password_hash is distinct from new.password_hash then
    perform audit_of_user(new.id, 'user.password_changed', null, null);
  end if;
  if old.email is distinct from new.email then
    perform audit_of_user(new.id, 'user.updated', jsonb_build_object('email', old.email), jsonb_build_object('email', new.email));
  end if;
  return null;
end
$$;

create function audit_of_user(changed_id text, named text, was jsonb, is_now jsonb) returns void language sql as $$
  insert into audit_entries (organization_id, actor, action, target, before, after)
  select m.organization_id, coalesce(current_principal(), 'system'), named, 'user:' || changed_id, was, is_now
  from memberships m where m.user_id = changed_id
$$;

create trigger audit after update of password_hash, email on users for each row execute function audit_user();

-- Secrets are rotated by hand with a time for the one before; `next_sequence` and successes are no changes.
create trigger audit after insert or delete or update of url, description, events, disabled_at, previous_until on webhooks
  for each row execute function audit_change('webhook', 'id', 'url', 'description', 'events', 'disabled_at', 'disabled_because', 'previous_until');

-- Entries are never changed; what is older than the least that operators may keep can be cleaned up.
create index audit_entries_at on audit_entries (at);
create policy worker_cleans on audit_entries for delete to vibetribe_worker using (at < now() - interval '90 days');
create policy worker_sees_old on audit_entries for select to vibetribe_worker using (at < now() - interval '90 days');
grant select, delete on audit_entries to vibetribe_worker;
