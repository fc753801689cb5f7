-- Not a tenant's: from when on sends count as processed. Limits, timelines and the engine go on reading all of them.
create table processed_record (
  only_row boolean primary key default true check (only_row),
  cleared_at timestamptz
);
insert into processed_record default values;
grant select, update on processed_record to vibetribe_worker;
