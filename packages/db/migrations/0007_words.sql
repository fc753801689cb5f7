-- A publication is enqueued ahead of its time, until a moment after which its job counts as lost.
alter table publications rename column armed_until to enqueued_until;
alter table publications rename column rearms to requeues;
alter index publications_armed rename to publications_enqueued;
alter index publications_armed_lines rename to publications_enqueued_lines;

alter table app_limits rename column last_slot_at to last_permit_at;

-- Where a grant's credentials come from: the platform's consent page to our application, or the user's own hands.
alter table grants add column source text not null default 'oauth' check (source in ('oauth', 'manual'));
update grants set source = 'manual' where handed_over;
alter table grants drop column handed_over;
