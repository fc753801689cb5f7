-- The same account of a platform, in whichever organizations it is connected.
create index accounts_place on accounts (external_id, platform, service);
