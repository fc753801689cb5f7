-- Not a tenant's: as whom this service comes to servers of users' choice, one for each redirect address; sealed.
create table server_clients (
  id text primary key,
  platform text not null,
  server text not null,
  client_sealed text not null,
  created_at timestamptz not null default now()
);
grant select, insert, update, delete on server_clients to vibetribe_worker;
