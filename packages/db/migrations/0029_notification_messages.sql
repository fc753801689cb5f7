-- What a member wants to be told, where and when. Whoever has none is told by the defaults.
create table notification_preferences (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  user_id text not null,
  -- By kind: where and when.
  events jsonb not null default '{}',
  quiet_hours jsonb,
  -- The address is a secret of its own: whoever has it may write there.
  webhook_sealed text,
  webhook_host text,
  -- Why the last message was not taken there; null since one was.
  webhook_error text,
  -- In the links that end mails: it can do nothing else.
  unsubscribe_key text unique,
  updated_at timestamptz not null default clock_timestamp(),
  unique (organization_id, user_id),
  foreign key (organization_id, user_id) references memberships (organization_id, user_id) on delete cascade
);

-- Messages to one member over one channel. What has the same cause is one message while it is collected.
create table notification_messages (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  user_id text not null,
  channel text not null check (channel in ('email', 'webhook')),
  cause text not null,
  -- The first ones: `{title, body}`.
  entries jsonb not null,
  count int not null,
  status text not null default 'collecting' check (status in ('collecting', 'sending', 'sent', 'failed', 'dropped')),
  attempts int not null default 0,
  due_at timestamptz,
  lease_until timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  check ((status in ('collecting', 'sending')) = (due_at is not null))
);
create unique index notification_messages_collecting on notification_messages (organization_id, user_id, channel, cause)
  where status = 'collecting';
create index notification_messages_due on notification_messages (due_at) where due_at is not null;
create index notification_messages_sent on notification_messages (organization_id, user_id, channel, cause, ended_at) where status = 'sent';
create index notification_messages_ended on notification_messages (created_at) where due_at is null;

-- While a platform, or a server of one, does not answer and posts of the organization wait for it.
create table outages (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  breaker_key text not null,
  platform text not null,
  -- The most that waited at once.
  held_max int not null,
  began_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
create unique index outages_open on outages (organization_id, breaker_key) where ended_at is null;
create index outages_ended on outages (ended_at) where ended_at is not null;
create index publications_behind_breaker on publications (organization_id, account_id) where waiting_reason = 'breaker';

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array['notification_preferences', 'notification_messages', 'outages'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to vibetribe_tenant using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()))',
      tenant_table);
    execute format('create policy worker on %I to vibetribe_worker using (true) with check (true)', tenant_table);
  end loop;
end
$$;
create policy identity on notification_preferences to vibetribe_identity using (true) with check (true);
grant select, insert, update on notification_preferences to vibetribe_tenant, vibetribe_identity;
grant select, update on notification_preferences to vibetribe_worker;
grant select, insert, update, delete on notification_messages, outages to vibetribe_worker;

-- Not a tenant's: up to which event messages were made.
create table notification_feed (
  only_row boolean primary key default true check (only_row),
  position bigint not null default 0
);
insert into notification_feed (position) select coalesce(max(id), 0) from events;
grant select, update on notification_feed to vibetribe_worker;
