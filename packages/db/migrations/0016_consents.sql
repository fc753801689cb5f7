-- Who began: `user:<id>` or `key:<id>`. A state without it is from before, and is refused.
alter table oauth_states add column principal text;

-- What a platform has granted and nobody of ours has accepted yet: by a code, on a page of ours, or by choosing accounts.
create table consents (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  principal text not null,
  platform text not null,
  stage text not null check (stage in ('code', 'page', 'selection')),
  code_hash text,
  grant_sealed text not null,
  granted_by text,
  expires_at timestamptz not null,
  unique (organization_id, id),
  check ((code_hash is null) = (stage = 'selection'))
);
create unique index consents_code on consents (code_hash) where code_hash is not null;
create index consents_expiry on consents (expires_at);
create index consents_granted_by on consents (platform, granted_by) where granted_by is not null;

alter table consents enable row level security;
alter table consents force row level security;
create policy tenant on consents to vibetribe_tenant
  using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy worker on consents to vibetribe_worker using (true) with check (true);
grant select, insert, update, delete on consents to vibetribe_tenant, vibetribe_worker;
