-- What waits for somebody to act: found again when the reason is over.
create index publications_held on publications (id) where status = 'waiting' and due_at is null;
