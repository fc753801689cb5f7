-- Alternative texts of this post alone, by the id of the media; a file that is not named here has its own.
alter table posts add column media_alts jsonb not null default '{}';

-- What tells that two texts are the same to a reader; null where there is none. Publications from before have it from their next edit on.
alter table publications add column text_key text;
-- No `coalesce`: behind row-level security a planner takes it for one that may tell secrets, and does not look it up in an index.
create index publications_text_key
  on publications (account_id, text_key, (case when published_at is null then scheduled_at else published_at end))
  where text_key is not null;
