-- What is in the media store. The same content is kept once for each organization; several uploads may share it.
create table media_objects (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  store text not null check (store in ('local', 'cloudinary')),
  store_key text not null,
  mime_type text not null,
  bytes bigint not null,
  sha256 text not null,
  -- What was read from the bytes: MediaFacts in contracts/media.
  facts jsonb not null,
  -- Null while it is being written; one that stays so was cut off and is garbage.
  stored_at timestamptz,
  touched_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, store, sha256)
);
create index media_objects_unfinished on media_objects (touched_at) where stored_at is null;

alter table media
  add column object_id text,
  add column file_name text,
  add column uploaded_by text references users (id) on delete set null,
  add foreign key (organization_id, object_id) references media_objects (organization_id, id);
create index media_object on media (organization_id, object_id);
create index media_listing on media (organization_id, created_at desc, id desc);
create index media_age on media (created_at);

-- How much an organization may keep, where it differs from the service's default.
create table media_quotas (
  organization_id text primary key references organizations (id) on delete cascade,
  bytes_max bigint not null check (bytes_max >= 0)
);

create index posts_media on posts using gin (media_ids) where media_ids <> '{}';
create index publications_media on publications using gin ((variant -> 'mediaIds')) where variant ? 'mediaIds';

-- Whether a post that still exists uses a media; with `open_only`, one that has not ended on every account.
-- Whoever makes another place that names media replaces this function.
create function media_is_used(organization text, media text, open_only boolean) returns boolean language sql stable as $$
  select exists (
    select 1 from posts p
    where p.organization_id = organization and p.deleted_at is null and p.media_ids <> '{}' and p.media_ids @> array[media]
      and (not open_only or exists (
        select 1 from publications x where x.organization_id = organization and x.post_id = p.id
          and x.status not in ('published', 'failed', 'canceled', 'skipped')))
  ) or exists (
    select 1 from publications x join posts p on p.organization_id = x.organization_id and p.id = x.post_id
    where x.organization_id = organization and p.deleted_at is null
      and x.variant ? 'mediaIds' and x.variant -> 'mediaIds' ? media
      and (not open_only or x.status not in ('published', 'failed', 'canceled', 'skipped'))
  )
$$;

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array['media_objects', 'media_quotas'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to vibetribe_tenant using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()))',
      tenant_table);
    execute format('create policy worker on %I to vibetribe_worker using (true) with check (true)', tenant_table);
  end loop;
end
$$;

grant select, insert, update, delete on media_objects to vibetribe_tenant, vibetribe_worker;
grant select on media_quotas to vibetribe_tenant;
grant select, insert, update, delete on media_quotas to vibetribe_worker;
