-- A CACAO playbook, known by its own identifier; its text is in its versions.
create table playbook (
  id {id},
  cacao_id text not null unique,
  name text not null,
  description text,
  -- The version that is run.
  version bigint not null,
  steps bigint not null,
  -- What lists show of the present version, as JSON.
  summary text not null,
  updated_at bigint not null
);

-- A version never changes.
create table playbook_version (
  playbook bigint not null references playbook (id),
  version bigint not null,
  -- The playbook's own `modified`.
  modified text not null,
  -- Of the text, as it was sent.
  sha256 text not null,
  body text not null,
  -- Null for those that came with Watchbell.
  kept_by bigint,
  kept_at bigint not null,
  primary key (playbook, version)
);

-- A run of one version on an incident. `state` is the state machine's, as JSON; the log below gives it again.
create table playbook_run (
  id {id},
  incident bigint not null references incident (id),
  playbook bigint not null references playbook (id),
  version bigint not null,
  name text not null,
  status text not null,
  state text not null,
  -- When it must be looked at though nothing comes from outside.
  wake bigint,
  events bigint not null,
  -- The run whose step this one is, and that step's key.
  parent bigint references playbook_run (id),
  parent_key text,
  started_by bigint,
  started_at bigint not null,
  ended_at bigint
);
create index playbook_run_of on playbook_run (incident, id);
create index playbook_run_open on playbook_run (ended_at, id);
create unique index playbook_run_called on playbook_run (parent, parent_key);

-- What happened to a run, in order. Only ever added to; each line is stored before anything is done about it.
create table playbook_event (
  run bigint not null references playbook_run (id),
  number bigint not null,
  at bigint not null,
  actor text not null,
  body text not null,
  primary key (run, number)
);
