-- What was read of a page for the card of a part: before it is due where there was time, else when it was sent.
create table link_cards (
  organization_id text not null references organizations (id) on delete cascade,
  publication_id text not null,
  part int not null,
  url text not null,
  read_at timestamptz not null default clock_timestamp(),
  title text,
  description text,
  page_fault text,
  picture_fault text,
  picture bytea check (length(picture) <= 1000000),
  -- {mimeType, width, height, sha256}
  picture_facts jsonb,
  primary key (publication_id, part),
  foreign key (organization_id, publication_id) references publications (organization_id, id) on delete cascade
);
create index link_cards_pages on link_cards (organization_id, md5(url), read_at);
create index link_cards_read on link_cards (read_at);

-- When its links were looked for ahead of its time.
alter table publications add column cards_looked_for_at timestamptz;
create index publications_cards_ahead on publications (platform, scheduled_at) where status = 'scheduled' and cards_looked_for_at is null;

alter table link_cards enable row level security;
alter table link_cards force row level security;
create policy tenant on link_cards to vibetribe_tenant using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy worker on link_cards to vibetribe_worker using (true) with check (true);
grant select, delete on link_cards to vibetribe_tenant;
grant select, insert, update, delete on link_cards to vibetribe_worker;

-- A card's picture is a medium in use, too.
create function media_of_card(options jsonb) returns text[] language sql immutable parallel safe as $$
  select case when jsonb_typeof(options #> '{card,mediaId}') = 'string' then array[options #>> '{card,mediaId}'] else '{}' end
$$;
create index publications_card_media on publications using gin (media_of_card(variant -> 'options'))
  where variant #> '{options,card,mediaId}' is not null;

-- An index over it is built without a search path: it calls none of our functions.
create or replace function media_of_thread(thread jsonb) returns text[] language sql immutable parallel safe as $$
  select coalesce(array_agg(distinct named.id), '{}')
  from jsonb_array_elements(case when jsonb_typeof(thread) = 'array' then thread else '[]' end) part(content),
    lateral (
      select jsonb_array_elements_text(
        case when jsonb_typeof(part.content -> 'mediaIds') = 'array' then part.content -> 'mediaIds' else '[]' end)
      union all select part.content #>> '{options,card,mediaId}' where jsonb_typeof(part.content #> '{options,card,mediaId}') = 'string'
    ) named(id)
$$;
reindex index posts_thread_media;
reindex index publications_thread_media;

create or replace function media_of_variant(variant jsonb) returns text[] language sql immutable parallel safe as $$
  select media_of_thread(variant -> 'thread') || media_of_card(variant -> 'options') || case when jsonb_typeof(variant -> 'mediaIds') = 'array'
    then array(select jsonb_array_elements_text(variant -> 'mediaIds')) else '{}' end
$$;

create or replace function media_is_used(organization text, media text, open_only boolean) returns boolean language sql stable as $$
  select exists (
    select 1 from posts p
    where p.organization_id = organization and p.deleted_at is null and p.media_ids <> '{}' and p.media_ids @> array[media]
      and (not open_only or exists (
        select 1 from publications x where x.organization_id = organization and x.post_id = p.id
          and x.status not in ('published', 'failed', 'canceled', 'skipped')))
  ) or exists (
    select 1 from posts p
    where p.organization_id = organization and p.deleted_at is null and p.thread is not null and media_of_thread(p.thread) @> array[media]
      and (not open_only or exists (
        select 1 from publications x where x.organization_id = organization and x.post_id = p.id
          and x.status not in ('published', 'failed', 'canceled', 'skipped')))
  ) or exists (
    select 1 from publications x join posts p on p.organization_id = x.organization_id and p.id = x.post_id
    where x.organization_id = organization and p.deleted_at is null
      and x.variant ? 'mediaIds' and x.variant -> 'mediaIds' ? media
      and (not open_only or x.status not in ('published', 'failed', 'canceled', 'skipped'))
  ) or exists (
    select 1 from publications x join posts p on p.organization_id = x.organization_id and p.id = x.post_id
    where x.organization_id = organization and p.deleted_at is null
      and x.variant ? 'thread' and media_of_thread(x.variant -> 'thread') @> array[media]
      and (not open_only or x.status not in ('published', 'failed', 'canceled', 'skipped'))
  ) or exists (
    select 1 from publications x join posts p on p.organization_id = x.organization_id and p.id = x.post_id
    where x.organization_id = organization and p.deleted_at is null
      and x.variant #> '{options,card,mediaId}' is not null and media_of_card(x.variant -> 'options') @> array[media]
      and (not open_only or x.status not in ('published', 'failed', 'canceled', 'skipped'))
  )
$$;

create or replace function end_use_by_post() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.deleted_at is null and new.deleted_at is not null then
    perform end_use_of_media(old.organization_id, array(
      select unnest(media_of_variant(x.variant)) from publications x
      where x.organization_id = old.organization_id and x.post_id = old.id
        and (x.variant ? 'mediaIds' or x.variant ? 'thread' or x.variant ? 'options')));
  end if;
  if old.media_ids <> '{}' or old.thread is not null then
    perform end_use_of_media(old.organization_id, old.media_ids || media_of_thread(old.thread));
  end if;
  return null;
end
$$;

create or replace function end_use_by_publication() returns trigger language plpgsql as $$
begin
  if media_of_variant(old.variant) <> '{}' then
    perform end_use_of_media(old.organization_id, media_of_variant(old.variant));
  end if;
  return null;
end
$$;
create trigger publications_gone_end_use_of_card_media after delete on publications for each row
  when (not old.variant ? 'mediaIds' and not old.variant ? 'thread' and old.variant #> '{options,card,mediaId}' is not null)
  execute function end_use_by_publication();
