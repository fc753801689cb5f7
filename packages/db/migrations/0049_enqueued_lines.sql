-- The length of an organization's line at a platform. An expression that no other index has: on an empty table the planner took the index of the
-- lists, and then read all posts of the organization with each turn.
drop index publications_enqueued_lines;
create index publications_enqueued_lines on publications ((organization_id || ' ' || platform))
  where enqueued_until is not null and lease_until is null;
