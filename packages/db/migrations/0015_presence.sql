-- Not a tenant's: when publishers last claimed anything, and when they were back after a time in which nobody did.
create table publisher_presence (
  id boolean primary key default true check (id),
  seen_at timestamptz not null,
  back_at timestamptz not null
);
grant select, insert, update on publisher_presence to vibetribe_worker;
