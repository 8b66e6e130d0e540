-- The newest revision whose effects the inventory shows: agents say so when they have told everything that came of it.
alter table cluster add column inventoried_revision bigint not null default 0;
