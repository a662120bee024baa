-- What is known about the organisation that selects duties to notify (JSON). The latest is in force.
create table obligation_profile (
  id {id},
  profile text not null,
  reason text not null,
  set_by bigint not null,
  set_at bigint not null
);

-- What is known about an incident that decides duties to notify: answers by fact, and the fact sheet's sections
-- (JSON both).
create table obligation_case (
  incident bigint primary key references incident (id),
  answers text not null,
  sheet text not null,
  -- When a clock calls next; null while none runs.
  next_call bigint
);
create index obligation_case_call on obligation_case (next_call);

-- Decisions that a duty is not met by an incident.
create table obligation_waiver (
  id {id},
  incident bigint not null references incident (id),
  duty text not null,
  reason text not null,
  state text not null,
  proposed_by bigint not null,
  proposed_at bigint not null,
  settled_by bigint,
  settled_at bigint
);
create index obligation_waiver_of on obligation_waiver (incident, id);

-- Notices. `own` is what one words differently from the sheet, `frozen` the text that was sent for approval,
-- `sending` when, to whom and how it went out (JSON all).
create table obligation_notice (
  id {id},
  incident bigint not null references incident (id),
  duty text not null,
  stage text not null,
  state text not null,
  own text not null,
  frozen text,
  begun_by bigint not null,
  begun_at bigint not null,
  routed_by bigint,
  routed_at bigint,
  approved_by bigint,
  approved_at bigint,
  sending text
);
create index obligation_notice_of on obligation_notice (incident, id);

-- Alarms that were called, each once for each deadline.
create table obligation_alarm (
  incident bigint not null references incident (id),
  duty text not null,
  stage text not null,
  deadline bigint not null,
  alarm text not null,
  at bigint not null,
  primary key (incident, duty, stage, deadline, alarm)
);

-- What slices above an incident know to be due next in it: one line for each kind.
create table incident_deadline (
  incident bigint not null references incident (id),
  kind text not null,
  what text not null,
  href text not null,
  due bigint not null,
  primary key (incident, kind)
);
