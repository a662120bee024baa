-- Alerts from outside: who told of it, under which name it is known there, what was told, and the key
-- by which the same is known again.
alter table alert add column origin text;
alter table alert add column reference text;
alter table alert add column description text;
alter table alert add column outside_key text;
-- The alert that this one is merged into; its own state stays as it was.
alter table alert add column merged_into bigint;
create index alert_outside on alert (outside_key);
create index alert_merged on alert (merged_into);

-- Of a flood's matches only some are kept. Those that later ones push out have their place in the order
-- of arrival here.
alter table alert_match add column number bigint;
create index alert_match_number on alert_match (alert_id, number);
