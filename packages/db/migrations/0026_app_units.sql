-- What of the application's day at a platform is used up, in that platform's own units, and which day it is there.
alter table app_limits add column units_day date, add column units_used int not null default 0;
