-- The parts after the first: [{content, mediaIds?, options?}]. Null: none.
alter table posts add column thread jsonb;
-- How many parts a publication has, and those that are out by now: [{platformPostId, url, reference, publishedAtMs}]; null for a post of one part.
alter table publications add column part_count int not null default 1;
alter table publications add column parts jsonb;
create index publications_of_parts on publications (account_id) where parts is not null;

create function media_of_thread(thread jsonb) returns text[] language sql immutable parallel safe as $$
  select coalesce(array_agg(distinct named.id), '{}')
  from jsonb_array_elements(case when jsonb_typeof(thread) = 'array' then thread else '[]' end) part(content),
    jsonb_array_elements_text(
      case when jsonb_typeof(part.content -> 'mediaIds') = 'array' then part.content -> 'mediaIds' else '[]' end) named(id)
$$;
create index posts_thread_media on posts using gin (media_of_thread(thread)) where thread is not null;
create index publications_thread_media on publications using gin (media_of_thread(variant -> 'thread')) where variant ? 'thread';

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
  )
$$;

create function media_of_variant(variant jsonb) returns text[] language sql immutable parallel safe as $$
  select media_of_thread(variant -> 'thread') || case when jsonb_typeof(variant -> 'mediaIds') = 'array'
    then array(select jsonb_array_elements_text(variant -> 'mediaIds')) else '{}' end
$$;

create or replace function end_use_by_post() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.deleted_at is null and new.deleted_at is not null then
    perform end_use_of_media(old.organization_id, array(
      select unnest(media_of_variant(x.variant)) from publications x
      where x.organization_id = old.organization_id and x.post_id = old.id and (x.variant ? 'mediaIds' or x.variant ? 'thread')));
  end if;
  if old.media_ids <> '{}' or old.thread is not null then
    perform end_use_of_media(old.organization_id, old.media_ids || media_of_thread(old.thread));
  end if;
  return null;
end
$$;

create or replace function end_use_by_publication() returns trigger language plpgsql as $$
begin
  if old.variant ? 'mediaIds' or old.variant ? 'thread' then
    perform end_use_of_media(old.organization_id, media_of_variant(old.variant));
  end if;
  return null;
end
$$;

create trigger posts_end_use_of_thread_media after update of thread on posts for each row
  when (old.thread is distinct from new.thread) execute function end_use_by_post();
create trigger posts_gone_end_use_of_thread_media after delete on posts for each row
  when (old.media_ids = '{}' and old.thread is not null) execute function end_use_by_post();
create trigger publications_gone_end_use_of_thread_media after delete on publications for each row
  when (not old.variant ? 'mediaIds' and old.variant ? 'thread') execute function end_use_by_publication();
