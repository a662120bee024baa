-- What is kept from becoming an alert: a suppression for a time, or an exception that mends a rule.
create table suppression (
  id {id},
  kind text not null,
  rule text,
  entity_kind text,
  entity_name text,
  -- Clauses on an event's fields (JSON).
  clauses text not null,
  reason text not null,
  alert_id bigint,
  made_by bigint not null,
  made_at bigint not null,
  -- It ends by itself then; an exception may have none.
  until_at bigint,
  ended_at bigint,
  ended_by bigint,
  hidden bigint not null default 0,
  first_hidden bigint,
  last_hidden bigint,
  last_event bigint
);
create index suppression_active on suppression (ended_at, until_at);
