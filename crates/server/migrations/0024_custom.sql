-- Fields that the organisation gives its incidents. One that is retired is offered no longer; what it holds stays.
create table incident_field (
  id {id},
  name text not null unique,
  label text not null,
  kind text not null,
  -- JSON lists of what a choice offers, and of the types of incident that have the field (empty: all).
  choices text not null,
  types text not null,
  help text,
  needed text not null,
  place bigint not null,
  created_by bigint not null references account (id),
  created_at bigint not null,
  retired_at bigint
);
create table incident_field_value (
  incident bigint not null references incident (id),
  field bigint not null references incident_field (id),
  value text not null,
  set_by bigint references account (id),
  set_at bigint not null,
  primary key (incident, field)
);

-- Where an incident stands within a phase, in the organisation's words.
create table incident_status (
  id {id},
  label text not null,
  -- A JSON list of the phases in which it can stand; empty: while the incident is open.
  phases text not null,
  -- 1: the response waits for somebody else.
  waits bigint not null,
  place bigint not null,
  created_by bigint not null references account (id),
  created_at bigint not null,
  retired_at bigint
);
alter table incident add column status bigint references incident_status (id);
alter table incident add column status_since bigint;
