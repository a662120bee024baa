create table incident (
  id {id},
  title text not null,
  incident_type text not null,
  severity text not null,
  -- What the plan's matrix said, and why the severity is what it is.
  proposed_severity text not null,
  severity_reason text not null,
  functional text not null,
  information text not null,
  recoverability text not null,
  phase text not null,
  phase_since bigint not null,
  tlp text not null,
  restricted bigint not null,
  summary text,
  commander bigint references account (id),
  declared_by bigint not null references account (id),
  declared_at bigint not null,
  -- The version of the plan under which it was declared.
  plan bigint not null references plan_version (id),
  outcome text,
  root_cause text,
  lessons text,
  impact text,
  recommendations text,
  closed_at bigint,
  updated_at bigint not null
);
create index incident_phase_now on incident (phase, id);

-- Which phase was entered when, by whom and, off the ordinary way, why.
create table incident_phase (
  id {id},
  incident bigint not null references incident (id),
  phase text not null,
  at bigint not null,
  account bigint references account (id),
  reason text
);
create index incident_phase_of on incident_phase (incident, id);

create table task (
  id {id},
  incident bigint not null references incident (id),
  phase text not null,
  -- The plan's role.
  role text,
  title text not null,
  instructions text,
  -- Counted from entering the phase; `due` is set then.
  due_within text,
  due bigint,
  step text,
  -- What to keep, a JSON list of lines.
  evidence text not null,
  status text not null,
  -- Who has it in hand or did it.
  person bigint references account (id),
  reason text,
  owner bigint references account (id),
  created_at bigint not null,
  settled_at bigint
);
create index task_of on task (incident, id);

create table entry (
  id {id},
  incident bigint not null references incident (id),
  kind text not null,
  at bigint not null,
  recorded_at bigint not null,
  -- The name of whoever wrote it; the account where it was a person.
  author text not null,
  account bigint references account (id),
  body text not null,
  -- A JSON list of ATT&CK techniques.
  techniques text not null,
  alert bigint,
  event bigint,
  raw_sha256 text,
  corrects bigint references entry (id)
);
create index entry_of on entry (incident, at, id);
create index entry_corrects on entry (corrects);
create index entry_alert on entry (incident, alert);

create table decision (
  id {id},
  incident bigint not null references incident (id),
  at bigint not null,
  recorded_at bigint not null,
  decided text not null,
  reason text not null,
  maker text not null,
  author text not null,
  account bigint references account (id)
);
create index decision_of on decision (incident, at, id);

create table observable (
  id {id},
  incident bigint not null references incident (id),
  kind text not null,
  value text not null,
  -- Whether it is known to be bad, known to be harmless, or neither.
  standing text not null,
  note text,
  -- In how many events it was seen.
  events bigint not null,
  first_seen bigint,
  last_seen bigint,
  -- The parts that it played, a JSON list.
  parts text not null,
  unique (incident, kind, value)
);

create table observable_event (
  observable bigint not null references observable (id),
  event bigint not null,
  primary key (observable, event)
);

create table asset (
  id {id},
  incident bigint not null references incident (id),
  kind text not null,
  name text not null,
  state text not null,
  note text,
  first_seen bigint,
  last_seen bigint,
  unique (incident, kind, name)
);
