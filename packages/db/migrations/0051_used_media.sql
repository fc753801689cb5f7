-- Most posts have no thread: looking into none took 30 microseconds for each.
create or replace function used_media(organization text) returns setof text language sql stable as $$
  select named.id from posts p
  cross join lateral unnest(case when p.thread is null then p.media_ids else p.media_ids || media_of_thread(p.thread) end) named(id)
  where p.organization_id = organization and p.deleted_at is null and (p.media_ids <> '{}' or p.thread is not null)
  union
  select named.id from publications x
  join posts p on p.organization_id = x.organization_id and p.id = x.post_id
  cross join lateral unnest(media_of_variant(x.variant)) named(id)
  where x.organization_id = organization and p.deleted_at is null and (x.variant ? 'mediaIds' or x.variant ? 'thread' or x.variant ? 'options')
$$;
