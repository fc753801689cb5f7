-- What of `metric_costs` an organization's own accounts have cost: what a tenant is shown.
create table organization_costs (
  organization_id text not null references organizations (id) on delete cascade,
  platform text not null,
  month date not null,
  micros bigint not null,
  primary key (organization_id, platform, month)
);
alter table organization_costs enable row level security;
alter table organization_costs force row level security;
create policy tenant on organization_costs to vibetribe_tenant
  using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy worker on organization_costs to vibetribe_worker using (true) with check (true);
grant select on organization_costs to vibetribe_tenant;
grant select, insert, update on organization_costs to vibetribe_worker;

-- What `media_is_used` (not only of open posts) is true of, all at once: a place that names media belongs into both.
create function used_media(organization text) returns setof text language sql stable as $$
  select named.id from posts p cross join lateral unnest(p.media_ids || media_of_thread(p.thread)) named(id)
  where p.organization_id = organization and p.deleted_at is null and (p.media_ids <> '{}' or p.thread is not null)
  union
  select named.id from publications x
  join posts p on p.organization_id = x.organization_id and p.id = x.post_id
  cross join lateral unnest(media_of_variant(x.variant)) named(id)
  where x.organization_id = organization and p.deleted_at is null and (x.variant ? 'mediaIds' or x.variant ? 'thread' or x.variant ? 'options')
$$;

-- Everyone lists their own entries by their ids: the one index does both, and no list passes by what others wrote since.
alter table audit_entries drop constraint audit_entries_pkey;
drop index audit_entries_listing;
alter table audit_entries add primary key (organization_id, id);
