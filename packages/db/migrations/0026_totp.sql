-- The second factor of a user (RFC 6238). The secret is sealed; a code of a step is taken once.
create table totp_factors (
  user_id text primary key references users (id) on delete cascade,
  secret_sealed text not null,
  -- Asked for from then on.
  confirmed_at timestamptz,
  last_step bigint not null default 0,
  -- Wrong codes since the last right one.
  failures int not null default 0,
  next_try_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);

-- For whoever has lost the device: each works once, and only its hash is here.
create table recovery_codes (
  user_id text not null references totp_factors (user_id) on delete cascade,
  code_hash text not null,
  primary key (user_id, code_hash)
);

alter table totp_factors enable row level security;
alter table totp_factors force row level security;
alter table recovery_codes enable row level security;
alter table recovery_codes force row level security;
create policy identity on totp_factors to vibetribe_identity using (true) with check (true);
create policy identity on recovery_codes to vibetribe_identity using (true) with check (true);
create policy worker on totp_factors to vibetribe_worker using (true) with check (true);
grant select, insert, update, delete on totp_factors to vibetribe_identity;
grant select, insert, delete on recovery_codes to vibetribe_identity;
-- Its secrets are sealed anew when keys are rotated.
grant select (user_id, secret_sealed), update (secret_sealed) on totp_factors to vibetribe_worker;

create function audit_totp() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.confirmed_at is not null then perform audit_of_user(old.user_id, 'user.totp_disabled', null, null); end if;
  elsif old.confirmed_at is null and new.confirmed_at is not null then
    perform audit_of_user(new.user_id, 'user.totp_enabled', null, null);
  end if;
  return null;
end
$$;
create trigger audit after delete or update of confirmed_at on totp_factors for each row execute function audit_totp();
