-- Somebody who may join with the token; only its hash is here.
create table invitations (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  email text not null,
  role text not null check (role in ('viewer', 'editor', 'admin', 'owner')),
  token_hash text not null unique,
  invited_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  unique (organization_id, id),
  unique (organization_id, email)
);

alter table invitations enable row level security;
alter table invitations force row level security;
create policy tenant on invitations to vibetribe_tenant
  using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy identity on invitations to vibetribe_identity using (true) with check (true);
create policy worker on invitations to vibetribe_worker using (true) with check (true);
grant select, insert, update, delete on invitations to vibetribe_tenant;
grant select, delete on invitations to vibetribe_identity;
grant select, update, delete on invitations to vibetribe_worker;

-- Who changed what: written by the tables themselves, in the transaction that changes them. Nobody of ours changes or deletes an entry.
create table audit_entries (
  id bigint generated always as identity primary key,
  organization_id text not null references organizations (id) on delete cascade,
  at timestamptz not null default clock_timestamp(),
  -- `user:<id>` or `key:<id>`; `system` where nobody asked for it.
  actor text not null,
  action text not null,
  -- `post:<id>`, `member:<user id>` and so on.
  target text not null,
  before jsonb,
  after jsonb
);
create index audit_entries_listing on audit_entries (organization_id, id desc);

alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy tenant on audit_entries to vibetribe_tenant
  using (organization_id = (select current_organization_id())) with check (organization_id = (select current_organization_id()));
create policy identity on audit_entries for insert to vibetribe_identity with check (true);
create policy worker on audit_entries for insert to vibetribe_worker with check (true);
grant select, insert on audit_entries to vibetribe_tenant;
grant insert on audit_entries to vibetribe_identity, vibetribe_worker;

create function current_principal() returns text
  language sql stable parallel safe
  return nullif(current_setting('app.principal', true), '');

-- Arguments: the kind of thing, the column with its id, and the columns that an entry shows. What changes none of these is no entry.
create function audit_change() returns trigger language plpgsql as $$
declare
  kind text := tg_argv[0];
  was jsonb := '{}';
  is_now jsonb := '{}';
  row_of jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  shown text;
  verb text := case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'updated' else 'deleted' end;
begin
  for position in 2 .. tg_nargs - 1 loop
    shown := tg_argv[position];
    if tg_op <> 'INSERT' then was := was || jsonb_build_object(shown, to_jsonb(old) -> shown); end if;
    if tg_op <> 'DELETE' then is_now := is_now || jsonb_build_object(shown, to_jsonb(new) -> shown); end if;
  end loop;
  if was = is_now then return null; end if;
  if was ->> 'deleted_at' is null and is_now ->> 'deleted_at' is not null then verb := 'deleted'; end if;
  if was ->> 'revoked_at' is null and is_now ->> 'revoked_at' is not null then verb := 'revoked'; end if;
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(key, value), jsonb_object_agg(key, is_now -> key) into was, is_now
    from jsonb_each(was) where value is distinct from is_now -> key;
  end if;
  -- Where the organization itself is being deleted its entries go with it.
  insert into audit_entries (organization_id, actor, action, target, before, after)
  select o.id, coalesce(current_principal(), 'system'), kind || '.' || verb, kind || ':' || (row_of ->> tg_argv[1]),
    case when tg_op = 'INSERT' then null else was end, case when tg_op = 'DELETE' then null else is_now end
  from organizations o where o.id = row_of ->> 'organization_id';
  return null;
end
$$;

create trigger audit after insert or delete or update of role on memberships
  for each row execute function audit_change('member', 'user_id', 'role');
create trigger audit after insert or delete or update of revoked_at, role, scopes, account_ids, expires_at on api_keys
  for each row execute function audit_change('api_key', 'id', 'name', 'role', 'scopes', 'account_ids', 'expires_at', 'revoked_at');
create trigger audit after insert or delete on invitations
  for each row execute function audit_change('invitation', 'id', 'email', 'role');

-- What publishers do by themselves is on the timelines; here is what somebody asked for.
create trigger audit after insert or update on posts
  for each row when (current_principal() is not null)
  execute function audit_change('post', 'id', 'content', 'media_ids', 'scheduled_at', 'priority', 'misfire', 'deleted_at');
create trigger audit after update on publications
  for each row when (current_principal() is not null)
  execute function audit_change('publication', 'id', 'status', 'scheduled_at', 'variant');
create trigger audit after insert or update on accounts
  for each row when (current_principal() is not null)
  execute function audit_change('account', 'id', 'platform', 'external_id', 'handle', 'status', 'grant_id');
create trigger audit after insert or update on pauses
  for each row when (current_principal() is not null)
  execute function audit_change('pause', 'id', 'account_id', 'reason', 'lifted_at');
