-- When the platform was last asked what the account is called and what its server allows.
alter table accounts add column profile_read_at timestamptz not null default now();
