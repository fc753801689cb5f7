-- What became of taking a publication off its platform, and of editing it there; null: nobody asked.
-- `removal`: `{status, detail?}`. `edit`: `{status, content, liveContent, detail?}`.
alter table publications add column removal jsonb, add column edit jsonb;

-- What is still to be done to publications that are out. A row goes when that has ended.
create table publication_changes (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  publication_id text not null,
  kind text not null check (kind in ('remove', 'edit')),
  -- Of an edit: the text that is wanted.
  content text,
  -- Rises with each request: a run settles the one that it was claimed for.
  version int not null default 1,
  -- Null: it waits for its account, or for the end of a pause.
  due_at timestamptz default clock_timestamp(),
  waiting_reason text,
  fence bigint not null default 0,
  lease_until timestamptz,
  lease_owner text,
  -- A request was begun whose answer is not known.
  intent_at timestamptz,
  -- Counted from the last one.
  parts_removed int not null default 0,
  -- Of the faults in a row.
  first_failed_at timestamptz,
  faults int not null default 0,
  generation int not null default 0,
  enqueued_until timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  foreign key (organization_id, publication_id) references publications (organization_id, id) on delete cascade,
  unique (organization_id, publication_id),
  check ((kind = 'edit') = (content is not null))
);
create index publication_changes_due on publication_changes (due_at);

alter table publication_changes enable row level security;
alter table publication_changes force row level security;
create policy tenant on publication_changes to vibetribe_tenant
  using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy worker on publication_changes to vibetribe_worker using (true) with check (true);
grant select, insert, update, delete on publication_changes to vibetribe_tenant, vibetribe_worker;

drop trigger audit on publications;
create trigger audit after update on publications
  for each row when (current_principal() is not null)
  execute function audit_change('publication', 'id', 'status', 'scheduled_at', 'variant', 'removal', 'edit');
