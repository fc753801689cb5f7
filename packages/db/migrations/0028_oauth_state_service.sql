-- Nothing has read it: what a consent needs of its server is in `pending`.
alter table oauth_states drop column service;
