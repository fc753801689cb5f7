-- Where an organization's events are sent. Secrets are sealed; during a rotation the one before signs too, until it ends.
create table webhooks (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  url text not null,
  description text,
  events text[] not null,
  secret_sealed text not null,
  previous_secret_sealed text,
  previous_until timestamptz,
  -- Of the next delivery: receivers see gaps and the order by it.
  next_sequence bigint not null default 1,
  last_success_at timestamptz,
  disabled_at timestamptz,
  disabled_because text,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  unique (organization_id, id)
);
create index webhooks_enabled on webhooks (organization_id) where disabled_at is null;

create table webhook_deliveries (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  webhook_id text not null,
  sequence bigint not null,
  type text not null,
  payload text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts int not null default 0,
  next_attempt_at timestamptz,
  lease_until timestamptz,
  -- The last ones: `{at, status, error, durationMs}`.
  tries jsonb not null default '[]',
  created_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  foreign key (organization_id, webhook_id) references webhooks (organization_id, id) on delete cascade,
  unique (webhook_id, sequence),
  check ((status = 'pending') = (next_attempt_at is not null))
);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_attempt_at) where status = 'pending';
create index webhook_deliveries_ended on webhook_deliveries (created_at) where status <> 'pending';

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array['webhooks', 'webhook_deliveries'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to vibetribe_tenant using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()))',
      tenant_table);
    execute format('create policy worker on %I to vibetribe_worker using (true) with check (true)', tenant_table);
  end loop;
end
$$;
grant select, insert, update, delete on webhooks, webhook_deliveries to vibetribe_tenant, vibetribe_worker;

-- Not a tenant's: up to which event deliveries were made.
create table webhook_feed (
  only_row boolean primary key default true check (only_row),
  position bigint not null default 0
);
insert into webhook_feed (position) select coalesce(max(id), 0) from events;
grant select, update on webhook_feed to vibetribe_worker;
