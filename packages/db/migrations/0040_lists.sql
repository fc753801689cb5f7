-- Lists of posts are ordered by when the post was made, and found by what its publications are: both stand in one index.
alter table publications
  add column post_created_at timestamptz not null default now(),
  add column listed_as text generated always as (coalesce(waiting_reason, status)) stored;
update publications p set post_created_at = o.created_at from posts o where o.organization_id = p.organization_id and o.id = p.post_id;

create function set_post_created_at() returns trigger language plpgsql as $$
begin
  -- A post of the same statement may not be there yet; it is as old as this row.
  new.post_created_at := coalesce(
    (select o.created_at from posts o where o.organization_id = new.organization_id and o.id = new.post_id), new.created_at);
  return new;
end
$$;
create trigger set_post_created_at before insert on publications for each row execute function set_post_created_at();

create function pass_on_post_created_at() returns trigger language plpgsql as $$
begin
  update publications set post_created_at = new.created_at where organization_id = new.organization_id and post_id = new.id;
  return null;
end
$$;
create trigger pass_on_created_at after update of created_at on posts for each row
  when (old.created_at is distinct from new.created_at) execute function pass_on_post_created_at();

drop index publications_account;
create index publications_by_account on publications (organization_id, account_id, listed_as, post_created_at desc, post_id desc);
create index publications_by_platform on publications (organization_id, platform, listed_as, post_created_at desc, post_id desc);

drop index publications_ended;
create index publications_out on publications (account_id, published_at) include (scheduled_at) where status = 'published';
create index publications_failed on publications (account_id, updated_at) where status = 'failed';
create index attempts_publication on attempts (publication_id, started_at);
create index publications_paused on publications (organization_id, id) where waiting_reason = 'paused';
create index posts_deleted on posts (organization_id, deleted_at) where deleted_at is not null;
-- A month of the calendar is so many days, each of them in the order of the list. A column, for row-level security keeps functions out of indexes.
alter table posts add column scheduled_day timestamptz
  generated always as (date_bin('1 day', scheduled_at, timestamptz '2000-01-01 00:00:00+00')) stored;
create index posts_days on posts (organization_id, scheduled_day, created_at desc, id desc) where deleted_at is null and scheduled_day is not null;

create index media_listing_kind on media (organization_id, kind, created_at desc, id desc);

create index notifications_kinds on notifications (organization_id, kind, created_at desc, id desc);
create index notifications_unread on notifications (organization_id, kind, created_at desc, id desc) where read_at is null;
alter table notifications add column account_id text generated always as (data ->> 'accountId') stored;
create index notifications_account on notifications (organization_id, account_id, created_at desc, id desc);
