create table alert (
  id {id},
  rule text not null,
  title text not null,
  severity text not null,
  -- 0 informational to 4 critical: what the queue is sorted by.
  severity_rank bigint not null,
  entity_kind text not null,
  entity_name text not null,
  first_seen bigint not null,
  last_seen bigint not null,
  count bigint not null,
  status text not null,
  verdict text,
  reason text,
  techniques text not null,
  tactics text not null,
  suggested_type text,
  incident_id bigint,
  acknowledged_by bigint,
  acknowledged_at bigint,
  created_at bigint not null,
  updated_at bigint not null
);
create index alert_key on alert (rule, entity_kind, entity_name, last_seen);
create index alert_queue on alert (severity_rank, last_seen, id);
create index alert_status on alert (status, created_at);
create index alert_incident on alert (incident_id);

-- An event that an alert is about, and what in it the rule found (JSON).
create table alert_match (
  alert_id bigint not null references alert (id),
  event_id bigint not null references event (id),
  at bigint not null,
  found text not null,
  primary key (alert_id, event_id)
);
create index alert_match_time on alert_match (alert_id, at, event_id);
create index alert_match_event on alert_match (event_id);

create table alert_delivery (
  delivery_id bigint not null references delivery (id),
  alert_id bigint not null references alert (id),
  primary key (delivery_id, alert_id)
);
