-- Of which end of a grant's token its people were told, and how many days ahead; both null before they were.
alter table grants
  add column ending_told_of timestamptz,
  add column ending_told_days integer;
