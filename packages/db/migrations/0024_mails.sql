-- Mails to be sent, written in the transaction that causes them. What one says is sealed, since links in it open things, and goes once it was sent.
create table mails (
  id text primary key,
  -- Null: a user's own, whatever organizations they belong to.
  organization_id text references organizations (id) on delete cascade,
  kind text not null,
  recipient text not null,
  sealed text not null,
  -- Sent only where a user has the address: whoever asks for a mail is not told whether one does.
  for_users_only boolean not null default false,
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed', 'dropped')),
  attempts int not null default 0,
  next_attempt_at timestamptz default clock_timestamp(),
  lease_until timestamptz,
  -- Of no use after it.
  expires_at timestamptz not null,
  last_error text,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  check ((status = 'pending') = (next_attempt_at is not null)),
  check (status = 'pending' or sealed = '')
);
create index mails_due on mails (next_attempt_at) where status = 'pending';
create index mails_ended on mails (created_at) where status <> 'pending';

alter table mails enable row level security;
alter table mails force row level security;
create policy tenant on mails to vibetribe_tenant
  using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy identity on mails for insert to vibetribe_identity with check (true);
create policy worker on mails to vibetribe_worker using (true) with check (true);
grant insert on mails to vibetribe_tenant, vibetribe_identity;
grant select, insert, update, delete on mails to vibetribe_worker;
