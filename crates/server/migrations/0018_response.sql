-- The action of a severity level that a task comes from, and why the present level does not ask for it.
alter table task add column action text;
alter table task add column surplus text;

-- The act under approval that a decision is about, and a JSON list of the approvals on which it stands.
alter table decision add column act text;
alter table decision add column approvals text;

-- Who may be asked to fill a role of the plan, first choice first.
create table role_holder (
  role text not null,
  account_id bigint not null references account (id),
  place bigint not null,
  primary key (role, account_id)
);

-- The roles that an incident needs somebody for.
create table muster (
  id {id},
  incident bigint not null references incident (id),
  role text not null,
  status text not null,
  person bigint references account (id),
  -- How somebody answered, or why the place is free.
  note text,
  -- Why the present level does not ask for it.
  surplus text,
  -- A JSON list of those who cannot.
  declined text not null,
  created_at bigint not null,
  asked_at bigint,
  answered_at bigint,
  unique (incident, role)
);
create index muster_person on muster (person, status);

create table approval (
  id {id},
  incident bigint not null references incident (id),
  act text not null,
  -- The plan's role whose word is asked for.
  role text not null,
  -- What exactly is to be done.
  what text not null,
  status text not null,
  asked_by bigint not null references account (id),
  asked_at bigint not null,
  answered_by bigint references account (id),
  answered_at bigint,
  reason text,
  -- The record of the act that was done on it.
  used_for text
);
create index approval_of on approval (incident, id);
create index approval_status on approval (status, role);

-- Times that are owed. A row is never taken away: what replaces it is a further one.
create table incident_clock (
  id {id},
  incident bigint not null references incident (id),
  kind text not null,
  severity text not null,
  starts bigint not null,
  target text not null,
  due bigint not null,
  met_at bigint,
  ended_at bigint,
  -- Why it counts no longer.
  why text,
  -- When its breach was told.
  alarmed_at bigint
);
create index incident_clock_of on incident_clock (incident, id);
create index incident_clock_due on incident_clock (due) where met_at is null and ended_at is null;
