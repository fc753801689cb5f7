-- When the last post that named a media stopped doing so; null where none ever did.
alter table media add column last_used_at timestamptz;

-- Whoever makes another place that names media ends its use there in the same way, and replaces `media_is_used`.
create function end_use_of_media(organization text, named text[]) returns void language sql as $$
  update media set last_used_at = clock_timestamp()
  where id in (select m.id from media m where m.organization_id = organization and m.id = any(named) order by m.id for no key update)
$$;

create function end_use_by_post() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.deleted_at is null and new.deleted_at is not null then
    perform end_use_of_media(old.organization_id, array(
      select jsonb_array_elements_text(x.variant -> 'mediaIds') from publications x
      where x.organization_id = old.organization_id and x.post_id = old.id and jsonb_typeof(x.variant -> 'mediaIds') = 'array'));
  end if;
  if old.media_ids <> '{}' then
    perform end_use_of_media(old.organization_id, old.media_ids);
  end if;
  return null;
end
$$;

create function end_use_by_publication() returns trigger language plpgsql as $$
begin
  if jsonb_typeof(old.variant -> 'mediaIds') = 'array' then
    perform end_use_of_media(old.organization_id, array(select jsonb_array_elements_text(old.variant -> 'mediaIds')));
  end if;
  return null;
end
$$;

create trigger posts_end_use_of_media after update of media_ids, deleted_at on posts for each row
  when (old.media_ids is distinct from new.media_ids or old.deleted_at is distinct from new.deleted_at)
  execute function end_use_by_post();
create trigger posts_gone_end_use_of_media after delete on posts for each row
  when (old.media_ids <> '{}') execute function end_use_by_post();
create trigger publications_end_use_of_media after update of variant on publications for each row
  when (old.variant is distinct from new.variant) execute function end_use_by_publication();
create trigger publications_gone_end_use_of_media after delete on publications for each row
  when (old.variant ? 'mediaIds') execute function end_use_by_publication();
