-- Since when a grant's token could not be renewed, and when its people were told; both null once it was.
alter table grants
  add column failing_since timestamptz,
  add column failing_told_at timestamptz;
