-- The files of a version of the plan as they came, byte for byte: a JSON object from path to text.
create table plan_files (
  plan bigint primary key references plan_version (id),
  files text not null
);

-- A version that is being written. `open` is 1 until it is published or discarded, and null afterwards: one at a time.
create table plan_draft (
  id {id},
  open bigint unique,
  -- The version that it began with.
  base bigint not null references plan_version (id),
  files text not null,
  -- Counts every change; a save names the one that it was made from.
  edition bigint not null,
  status text not null,
  made_by bigint not null references account (id),
  made_at bigint not null,
  changed_by bigint not null references account (id),
  changed_at bigint not null,
  sent_by bigint references account (id),
  sent_at bigint,
  -- Why it was sent back, by whom and when; stays until it is sent again.
  returned_by bigint references account (id),
  returned_at bigint,
  reason text,
  -- The version that it became.
  plan bigint references plan_version (id)
);

-- Everybody who wrote in a draft.
create table plan_author (
  draft bigint not null references plan_draft (id),
  account_id bigint not null references account (id),
  primary key (draft, account_id)
);

-- Who said yes to it, for which role.
create table plan_word (
  draft bigint not null references plan_draft (id),
  role text not null,
  account_id bigint not null references account (id),
  at bigint not null,
  primary key (draft, role)
);

-- Who says that they read a version.
create table plan_attestation (
  plan bigint not null references plan_version (id),
  account_id bigint not null references account (id),
  at bigint not null,
  primary key (plan, account_id)
);
