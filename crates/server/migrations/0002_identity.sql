create table organisation (
  one bigint primary key check (one = 1),
  name text not null,
  at bigint not null
);

create table account (
  id {id},
  email text not null unique,
  name text not null,
  role text not null,
  password_hash text not null,
  disabled bigint not null default 0,
  created_at bigint not null
);

create table session (
  token_hash text primary key,
  account_id bigint not null references account (id),
  created_at bigint not null,
  expires_at bigint not null
);
create index session_account on session (account_id);

create table api_key (
  id {id},
  account_id bigint not null references account (id),
  name text not null,
  token_hash text not null unique,
  role text not null,
  created_at bigint not null,
  last_used_at bigint,
  revoked_at bigint
);

-- Who belongs to an incident. A scope is an incident's number.
create table member (
  scope bigint not null,
  account_id bigint not null references account (id),
  primary key (scope, account_id)
);

-- Incidents under need-to-know: only their members see anything of them.
create table restricted_scope (
  scope bigint primary key
);
