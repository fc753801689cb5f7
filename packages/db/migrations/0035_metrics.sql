-- Not a tenant's: what numbers mean. One row for each way in which a platform counts something.
create table metric_definitions (
  id int generated always as identity primary key,
  platform text not null,
  metric text not null,
  -- The platform's own name.
  source text not null,
  -- Changes when the platform counts otherwise than before.
  version text not null,
  unique (platform, metric, source, version)
);

-- What numbers are asked for, and when: a published post, or (without a publication) an account as a whole.
create table metric_subjects (
  id bigint generated always as identity primary key,
  organization_id text not null references organizations (id) on delete cascade,
  account_id text not null,
  publication_id text,
  platform text not null,
  -- When it was published, or connected.
  began_at timestamptz not null,
  -- Null: it is asked for no more.
  due_at timestamptz,
  -- `gone`: the platform has it no more. `ended`: it is too old to be asked for.
  state text not null default 'unread' check (state in ('unread', 'read', 'gone', 'ended')),
  -- When its numbers were last given.
  read_at timestamptz,
  -- Readings in a row that brought nothing new, and those that failed.
  unchanged int not null default 0,
  failures int not null default 0,
  -- Of an account as a whole: what the platform said when it refused the numbers of its posts, and its own, for want of a permission.
  posts_denied text,
  account_denied text,
  -- Of a post, its last numbers once more: what summaries add up. Null is no number.
  views double precision,
  engaged_views double precision,
  impressions double precision,
  reach double precision,
  reactions double precision,
  comments double precision,
  reposts double precision,
  quotes double precision,
  shares double precision,
  saves double precision,
  clicks double precision,
  profile_visits double precision,
  follows_gained double precision,
  watch_time_ms double precision,
  average_watch_ms double precision,
  unique (organization_id, id),
  unique (organization_id, publication_id),
  foreign key (organization_id, account_id) references accounts (organization_id, id) on delete cascade,
  foreign key (organization_id, publication_id) references publications (organization_id, id) on delete cascade
);
create unique index metric_subjects_of_account on metric_subjects (organization_id, account_id) where publication_id is null;
create index metric_subjects_due on metric_subjects (platform, due_at) where due_at is not null;
create index metric_subjects_account_due on metric_subjects (account_id, due_at) where due_at is not null;
create index metric_subjects_period on metric_subjects (organization_id, began_at) where publication_id is not null;
create index metric_subjects_began on metric_subjects (began_at) where publication_id is not null;
create index publications_published on publications (published_at) where status = 'published';

-- The last value of each number, and what it is.
create table metric_latest (
  subject_id bigint not null,
  captured_at timestamptz not null,
  value double precision,
  definition_id int not null references metric_definitions (id),
  metric text not null,
  organization_id text not null,
  primary key (subject_id, metric),
  foreign key (organization_id, subject_id) references metric_subjects (organization_id, id) on delete cascade
);

-- How numbers went: of a post where they changed, of an account each reading. Null is no number, and not 0.
create table metric_snapshots (
  subject_id bigint not null,
  captured_at timestamptz not null,
  value double precision,
  definition_id int not null references metric_definitions (id),
  organization_id text not null,
  primary key (subject_id, definition_id, captured_at),
  foreign key (organization_id, subject_id) references metric_subjects (organization_id, id) on delete cascade
);
-- Rows come in the order of their times: so small an index finds the old ones.
create index metric_snapshots_age on metric_snapshots using brin (captured_at) with (pages_per_range = 32);

-- Not a tenant's: what reading has cost, by platform and month, in millionths of a dollar. It is written before the request.
create table metric_costs (
  platform text not null,
  month date not null,
  micros bigint not null,
  primary key (platform, month)
);

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array['metric_subjects', 'metric_latest', 'metric_snapshots'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to vibetribe_tenant using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()))',
      tenant_table);
    execute format('create policy worker on %I to vibetribe_worker using (true) with check (true)', tenant_table);
  end loop;
end
$$;
grant select on metric_subjects, metric_latest, metric_snapshots, metric_definitions to vibetribe_tenant;
grant select, insert, update on metric_subjects, metric_latest to vibetribe_worker;
grant select, insert, update, delete on metric_snapshots to vibetribe_worker;
grant select, insert on metric_definitions to vibetribe_worker;
grant select, insert, update on metric_costs to vibetribe_worker;
