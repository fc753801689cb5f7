-- What an adapter needs between consent page and callback, sealed; empty where it needs nothing.
alter table oauth_states add column pending text not null default '';

-- Who consented, by the platform's id, where revoking one grant ends all that this person ever granted to the application.
alter table grants add column granted_by text;
create index grants_granted_by on grants (platform, granted_by) where granted_by is not null;
