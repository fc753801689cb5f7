-- Nothing is asked before then, whoever asks: the platform said so.
alter table metric_subjects add column not_before timestamptz;
-- What people did with a post, as far as the platform tells: null where it tells nothing of it.
alter table metric_subjects add column interactions double precision generated always as (
  case when num_nonnulls(reactions, comments, reposts, quotes, shares, saves) > 0
    then coalesce(reactions, 0) + coalesce(comments, 0) + coalesce(reposts, 0) + coalesce(quotes, 0) + coalesce(shares, 0) + coalesce(saves, 0)
  end) stored;
