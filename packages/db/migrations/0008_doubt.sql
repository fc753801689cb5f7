-- When the first send began that may have arrived: look-ups reach back to it. Null: none is in doubt.
alter table publications add column in_doubt_since timestamptz;
-- Why it may be there although no look-up sees it, a sentence for a person.
alter table publications add column evidence text;

update publications p set in_doubt_since = coalesce((select min(a.started_at) from attempts a where a.publication_id = p.id), p.intent_at)
  where p.attempts > 0 and p.status in ('publishing', 'waiting', 'retrying', 'unconfirmed');
