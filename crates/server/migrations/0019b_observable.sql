-- How far an observable may be passed on, where that is not as its incident, and words to find it by (a JSON list).
alter table observable add column tlp text;
alter table observable add column tags text not null default '[]';
-- Where else a value was seen is asked at once when it is added.
create index observable_value on observable (value, kind, id);

-- The values in the first events of an alert.
create table alert_value (
  alert_id bigint not null references alert (id),
  kind text not null,
  value text not null,
  primary key (alert_id, kind, value)
);
create index alert_value_value on alert_value (value, kind, alert_id);
