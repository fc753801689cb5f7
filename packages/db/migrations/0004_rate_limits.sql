-- What the platform itself said: this account takes no post before then, as an answer told that came in at `posts_closed_told_at`.
alter table accounts
  add column posts_closed_until timestamptz,
  add column posts_closed_told_at timestamptz;

-- Credentials that a user handed over may come from another application than ours: its limits say nothing about ours.
-- Those that came through a platform's consent page have scopes.
alter table grants add column handed_over boolean not null default false;
update grants set handed_over = true where scopes = '{}';

-- Not a tenant's: what all accounts that are connected through the service's application on a platform share. The row is also the lock
-- under which places of the application are given away.
create table app_limits (
  platform text primary key,
  -- What the platform itself said, as for accounts.
  closed_until timestamptz,
  closed_told_at timestamptz,
  -- The limit that `places_left` was counted for.
  posts_max int not null default 0,
  -- So many claims need no new count: while they are used, sends only leave the window.
  places_left int not null default 0,
  -- The place that was given last to a post that waits.
  last_slot_at timestamptz
);
grant select, insert, update on app_limits to vibetribe_worker;
