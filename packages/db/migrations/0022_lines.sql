-- The wait that the last entry of the timeline tells of, and how often it came again.
alter table publications add column told_wait jsonb;
-- An account's posts that are due in the same second, in the order in which they were made.
create index publications_line on publications (account_id, date_bin('1 second', scheduled_at, timestamptz '2000-01-01 00:00:00+00'), created_at, post_id)
  where due_at is not null and lease_until is null and intent_at is null;
-- While one post of the application asks whether its limit is over, the others wait for what it hears.
alter table app_limits add column probe_until timestamptz;
