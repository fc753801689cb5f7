-- A run that failed is tried again, later each time; one that has not succeeded for two of its times is told of by health.
alter table cron_runs
  add column failures int not null default 0,
  add column succeeded_at timestamptz,
  add column overdue_at timestamptz;
