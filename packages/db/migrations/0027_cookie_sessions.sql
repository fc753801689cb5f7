-- Of a cookie: it is not rotated, and never traded for tokens.
alter table sessions add column kind text not null default 'token' check (kind in ('token', 'cookie'));
