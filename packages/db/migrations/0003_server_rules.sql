-- What an account's own server allows where servers differ, as its platform's adapter read it at connect; null: the platform's defaults.
alter table accounts add column server_rules jsonb;
