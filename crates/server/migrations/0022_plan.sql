-- The texts of the plan's files, byte for byte, each kept once.
create table plan_text (
  sha256 text primary key,
  content text not null
);

-- A state of all files together.
create table plan_folder (
  id {id},
  made_at bigint not null
);
create table plan_file (
  folder bigint not null references plan_folder (id),
  path text not null,
  sha256 text not null references plan_text (sha256),
  primary key (folder, path)
);

alter table plan_version add column folder bigint;
-- The draft that became the version.
alter table plan_version add column draft bigint;

create table plan_draft (
  id {id},
  title text not null,
  -- The version that it was made from.
  base bigint not null references plan_version (id),
  status text not null,
  author bigint not null references account (id),
  made_at bigint not null,
  -- The number of its newest state.
  state bigint not null,
  changed_at bigint not null
);

-- Every state that a draft was ever in; going back makes a new one.
create table plan_state (
  draft bigint not null references plan_draft (id),
  number bigint not null,
  folder bigint not null references plan_folder (id),
  what text not null,
  person bigint not null references account (id),
  at bigint not null,
  primary key (draft, number)
);

-- The word of an approver on a state of a draft.
create table plan_approval (
  id {id},
  draft bigint not null references plan_draft (id),
  state bigint not null,
  role text not null,
  person bigint not null references account (id),
  approved bigint not null,
  reason text not null,
  at bigint not null
);
create index plan_approval_draft on plan_approval (draft, state);

-- Who said that they read a version.
create table plan_attestation (
  version bigint not null references plan_version (id),
  person bigint not null references account (id),
  at bigint not null,
  primary key (version, person)
);
