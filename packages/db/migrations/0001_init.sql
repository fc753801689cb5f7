-- Roles belong to the whole cluster: another database, or another migration at this moment, may have made them already.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['vibetribe_tenant', 'vibetribe_worker', 'vibetribe_identity'] loop
    begin
      execute format('create role %I nologin nosuperuser nocreatedb nocreaterole nobypassrls', role_name);
    exception when duplicate_object or unique_violation then
      null;
    end;
    begin
      execute format('grant %I to current_user', role_name);
    exception when invalid_grant_operation or unique_violation then
      null;
    end;
  end loop;
end
$$;

-- Which organization the current transaction works for; null (and so no rows) where none was said.
create function current_organization_id() returns text
  language sql stable parallel safe
  return nullif(current_setting('app.organization_id', true), '');

create table organizations (
  id text primary key,
  name text not null,
  created_at timestamptz not null default now()
);

create table users (
  id text primary key,
  email text not null,
  name text not null,
  password_hash text not null,
  service_admin boolean not null default false,
  last_organization_id text references organizations (id) on delete set null,
  created_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));

create table memberships (
  organization_id text not null references organizations (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  role text not null check (role in ('viewer', 'editor', 'admin', 'owner')),
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index memberships_user on memberships (user_id);

-- One row per refresh token. A family is one login; a token used twice ends its family.
create table sessions (
  id text primary key,
  family_id text not null,
  user_id text not null references users (id) on delete cascade,
  organization_id text not null references organizations (id) on delete cascade,
  token_hash text not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index sessions_family on sessions (family_id);
create index sessions_user on sessions (user_id);

create table api_keys (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  user_id text references users (id) on delete cascade,
  name text not null,
  purpose text not null default 'user' check (purpose in ('user', 'demo')),
  key_hash text not null unique,
  last4 text not null,
  role text not null check (role in ('viewer', 'editor', 'admin', 'owner')),
  scopes text[] not null,
  account_ids text[],
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_organization on api_keys (organization_id, id);

-- Tickets for the WebSocket: single use, seconds of life.
create table live_tickets (
  token_hash text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  user_id text references users (id) on delete cascade,
  session_family_id text,
  api_key_id text references api_keys (id) on delete cascade,
  expires_at timestamptz not null
);

-- What a platform's consent gave us: one row may open several accounts. The credentials are one ciphertext.
create table grants (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  platform text not null,
  service text,
  credentials text not null,
  expires_at timestamptz,
  scopes text[] not null default '{}',
  dead_at timestamptz,
  refresh_fence bigint not null default 0,
  refresh_until timestamptz,
  refreshed_at timestamptz not null default now(),
  refresh_failures int not null default 0,
  created_at timestamptz not null default now(),
  unique (organization_id, id)
);
create index grants_expiring on grants (expires_at) where dead_at is null and expires_at is not null;

create table accounts (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  grant_id text not null,
  platform text not null,
  -- The origin of the user's own server where the platform has many, else ''.
  service text not null default '',
  external_id text not null,
  handle text not null,
  display_name text not null,
  status text not null default 'active' check (status in ('active', 'needs_reauth', 'disconnected')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, platform, service, external_id),
  foreign key (organization_id, grant_id) references grants (organization_id, id)
);
create index accounts_grant on accounts (grant_id);

create table oauth_states (
  state_hash text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  user_id text references users (id) on delete cascade,
  platform text not null,
  service text,
  redirect_to text,
  code_verifier text not null,
  expires_at timestamptz not null
);

create table media (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  public_id text not null,
  kind text not null check (kind in ('image', 'video')),
  mime_type text not null,
  bytes bigint not null,
  sha256 text not null,
  width int,
  height int,
  duration_ms int,
  alt text,
  created_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, public_id)
);

create table posts (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  author_user_id text references users (id) on delete set null,
  content text not null,
  media_ids text[] not null default '{}',
  scheduled_at timestamptz,
  timezone text,
  priority text not null default 'normal' check (priority in ('low', 'normal', 'high')),
  misfire jsonb,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  unique (organization_id, id)
);
create index posts_listing on posts (organization_id, created_at desc, id desc) where deleted_at is null;
create index posts_calendar on posts (organization_id, scheduled_at, id) where deleted_at is null;

-- One account's copy of a post: the unit that is claimed, sent and explained. docs/state-machine.md
create table publications (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  post_id text not null,
  account_id text not null,
  platform text not null,
  status text not null check (status in ('draft', 'scheduled', 'publishing', 'waiting', 'retrying', 'published', 'failed', 'unconfirmed', 'canceled', 'skipped')),
  variant jsonb not null default '{}',
  scheduled_at timestamptz,
  -- When it wants to be looked at next; null where nothing is to be done until someone acts.
  due_at timestamptz,
  attempts int not null default 0,
  retries_used int not null default 0,
  first_failed_at timestamptz,
  fence bigint not null default 0,
  lease_until timestamptz,
  lease_owner text,
  -- A send whose outcome is not on disk: when it began. Whoever finds it asks the platform first.
  intent_at timestamptz,
  -- A step that makes something visible has succeeded: it can no longer be stopped.
  committed boolean not null default false,
  absent_reads int not null default 0,
  reconcile_tries int not null default 0,
  generation int not null default 0,
  armed_until timestamptz,
  -- Armings in a row that nobody claimed: each waits longer for the next.
  rearms int not null default 0,
  waiting_reason text,
  waiting_detail text,
  platform_post_id text,
  url text,
  published_at timestamptz,
  error jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, post_id, account_id),
  foreign key (organization_id, post_id) references posts (organization_id, id) on delete cascade,
  foreign key (organization_id, account_id) references accounts (organization_id, id),
  check ((status = 'waiting') = (waiting_reason is not null))
);
-- The dispatcher's index: its cost follows what is due soon, not the calendar.
create index publications_due on publications (due_at) where due_at is not null and lease_until is null and armed_until is null;
create index publications_armed on publications (armed_until) where due_at is not null and lease_until is null and armed_until is not null;
create index publications_armed_lines on publications (organization_id, platform) where armed_until is not null and lease_until is null;
create index publications_leased on publications (lease_until) where lease_until is not null;
create index publications_account_open on publications (account_id, due_at) where due_at is not null;
create index publications_account_leased on publications (account_id) where lease_until is not null;
create index publications_account on publications (organization_id, account_id, status);
create unique index publications_platform_post on publications (account_id, platform_post_id) where platform_post_id is not null;
create index publications_ended on publications (organization_id, updated_at) where status in ('published', 'failed');

-- One row per send; also the ledger that rate limits are counted from.
create table attempts (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  publication_id text not null,
  account_id text not null,
  platform text not null,
  step text not null,
  number int not null,
  fence bigint not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text,
  foreign key (organization_id, publication_id) references publications (organization_id, id) on delete cascade
);
create unique index attempts_one_open on attempts (publication_id) where ended_at is null;
create index attempts_ledger_account on attempts (account_id, started_at);
create index attempts_ledger_platform on attempts (platform, started_at);

-- Durable steps of a publication: a resumed one repeats no step that has a result.
create table publication_steps (
  organization_id text not null references organizations (id) on delete cascade,
  publication_id text not null,
  name text not null,
  effect text not null check (effect in ('read', 'idempotent', 'once')),
  key jsonb,
  keyed_at timestamptz,
  result jsonb,
  done_at timestamptz,
  primary key (publication_id, name),
  foreign key (organization_id, publication_id) references publications (organization_id, id) on delete cascade
);

-- The timeline, the WebSocket's resume log and the webhook feed. `transaction_id` makes a safe cursor: rows of a transaction
-- that is older than every running one can no longer be preceded by a new row.
create table events (
  id bigint generated always as identity primary key,
  transaction_id xid8 not null default pg_current_xact_id(),
  organization_id text not null references organizations (id) on delete cascade,
  post_id text,
  publication_id text,
  type text not null,
  message text not null,
  data jsonb not null default '{}',
  at timestamptz not null default clock_timestamp()
);
create index events_cursor on events (transaction_id, id);
create index events_organization_cursor on events (organization_id, transaction_id, id);
create index events_timeline on events (organization_id, post_id, id);

create table notifications (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  kind text not null,
  title text not null,
  body text not null,
  data jsonb not null default '{}',
  created_at timestamptz not null default now(),
  read_at timestamptz
);
create index notifications_listing on notifications (organization_id, created_at desc, id desc);

create table idempotency_keys (
  organization_id text not null references organizations (id) on delete cascade,
  principal text not null,
  route text not null,
  key text not null,
  body_hash text not null,
  state text not null check (state in ('in_flight', 'done')),
  locked_until timestamptz not null,
  status int,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (organization_id, principal, route, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Emergency stops. `scope_id` is the account's id, or null for the whole organization; organization_id is null for the whole service.
create table pauses (
  id text primary key,
  organization_id text references organizations (id) on delete cascade,
  account_id text,
  reason text not null,
  created_by text,
  created_at timestamptz not null default now(),
  lifted_at timestamptz,
  foreign key (organization_id, account_id) references accounts (organization_id, id) on delete cascade
);
create index pauses_active on pauses (organization_id, account_id) where lifted_at is null;

-- Not a tenant's: what all processes know about a platform's health, keyed by platform or platform and server.
create table breakers (
  key text primary key,
  platform text not null,
  state text not null default 'closed' check (state in ('closed', 'open', 'half_open')),
  failures int not null default 0,
  opened_at timestamptz,
  retry_at timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz
);

-- Not a tenant's: one row per cron task, so that many replicas run a task once.
create table cron_runs (
  task text primary key,
  last_slot timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  outcome text,
  detail jsonb
);

create table service_settings (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);

-- Tenant work sees and writes its own organization only; workers see every organization's rows through a policy of their own.
do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array[
    'memberships', 'api_keys', 'grants', 'accounts', 'oauth_states', 'media', 'posts', 'publications', 'attempts',
    'publication_steps', 'events', 'notifications', 'idempotency_keys', 'live_tickets', 'sessions', 'pauses'
  ] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to vibetribe_tenant using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()))',
      tenant_table);
  end loop;
  foreach tenant_table in array array[
    'grants', 'accounts', 'media', 'posts', 'publications', 'attempts', 'publication_steps', 'events', 'notifications',
    'idempotency_keys', 'pauses', 'live_tickets', 'oauth_states', 'sessions'
  ] loop
    execute format('create policy worker on %I to vibetribe_worker using (true) with check (true)', tenant_table);
  end loop;
  foreach tenant_table in array array['memberships', 'api_keys', 'oauth_states', 'live_tickets', 'sessions'] loop
    execute format('create policy identity on %I to vibetribe_identity using (true) with check (true)', tenant_table);
  end loop;
end
$$;

alter table organizations enable row level security;
alter table organizations force row level security;
create policy tenant on organizations to vibetribe_tenant using (id = (select current_organization_id())) with check (id = (select current_organization_id()));
create policy worker on organizations for select to vibetribe_worker using (true);
create policy identity on organizations to vibetribe_identity using (true) with check (true);

alter table users enable row level security;
alter table users force row level security;
create policy tenant on users for select to vibetribe_tenant using (
  exists (select 1 from memberships m where m.user_id = users.id and m.organization_id = (select current_organization_id())));
create policy identity on users to vibetribe_identity using (true) with check (true);

grant usage on schema public to vibetribe_tenant, vibetribe_worker, vibetribe_identity;

grant select, update on organizations to vibetribe_tenant;
grant select (id, email, name) on users to vibetribe_tenant;
grant select, insert, update, delete on memberships, api_keys, grants, accounts, oauth_states, media, posts, publications,
  publication_steps, notifications, idempotency_keys, pauses to vibetribe_tenant;
grant select, insert, update on attempts to vibetribe_tenant;
grant select, insert on events, live_tickets to vibetribe_tenant;
grant select on sessions to vibetribe_tenant;
grant select on breakers to vibetribe_tenant;

grant select on organizations to vibetribe_worker;
grant select, insert, update, delete on grants, accounts, media, posts, publications, attempts, publication_steps, events,
  notifications, idempotency_keys, pauses, live_tickets, oauth_states, sessions to vibetribe_worker;
grant select, insert, update, delete on breakers, cron_runs to vibetribe_worker;
grant select on service_settings to vibetribe_worker, vibetribe_tenant;

grant select, insert, update, delete on organizations, users, memberships, sessions, api_keys, oauth_states, live_tickets
  to vibetribe_identity;
