-- When somebody asked for a run by hand that has not begun; and the schedule a cron process has it under.
alter table cron_runs
  add column requested_at timestamptz,
  add column schedule text;
