-- A file is removed in three steps, each of which may be repeated: its record is marked here, the store removes it, the record is deleted.
-- A marked record is nobody's any more: the same content, uploaded again, gets a record and a key in the store of its own.
alter table media_objects add column removing_at timestamptz;
alter table media_objects drop constraint media_objects_organization_id_store_sha256_key;
create unique index media_objects_content on media_objects (organization_id, store, sha256) where removing_at is null;
create index media_objects_removing on media_objects (id) where removing_at is not null;

-- Room taken by files that are on their way in and have no record yet. One of a process that is gone counts until it is too old.
create table media_transfers (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  bytes bigint not null check (bytes >= 0),
  started_at timestamptz not null default now(),
  unique (organization_id, id)
);
create index media_transfers_use on media_transfers (organization_id, started_at);

alter table media_transfers enable row level security;
alter table media_transfers force row level security;
create policy tenant on media_transfers to vibetribe_tenant
  using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy worker on media_transfers to vibetribe_worker using (true) with check (true);
grant select, insert, update, delete on media_transfers to vibetribe_tenant, vibetribe_worker;
