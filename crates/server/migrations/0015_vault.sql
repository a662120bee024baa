-- The key with which a person signs acts of custody. The secret half is sealed under their password.
create table signing_key (
  id {id},
  account bigint not null unique references account (id),
  public_key text not null,
  salt {blob} not null,
  sealed {blob} not null,
  made_at bigint not null
);

-- The keys under which the evidence of an incident lies, each sealed under the instance's key. One that
-- is destroyed has no content any more.
create table evidence_key (
  id {id},
  incident bigint not null references incident (id),
  sealed {blob},
  made_at bigint not null,
  destroyed_at bigint
);
create index evidence_key_of on evidence_key (incident, id);

-- For looking up: sets of known files are named by them.
alter table evidence add column sha1 text;
alter table evidence add column md5 text;
-- More of how it was acquired.
alter table evidence add column tool_version text;
alter table evidence add column device text;
alter table evidence add column serial text;
alter table evidence add column write_blocker text;
-- The blob that holds the sealed bytes, the item's key sealed under the incident's, and which that is.
-- Without these, the bytes are an open blob named by `sha256`.
alter table evidence add column blob text;
alter table evidence add column sealed_key {blob};
alter table evidence add column sealed_under bigint;
alter table evidence add column destroyed_at bigint;
-- When its bytes are to be hashed again.
alter table evidence add column check_due bigint not null default 0;
create index evidence_check on evidence (check_due);

alter table custody add column receiver_account bigint;
alter table custody add column signing_key bigint;
alter table custody add column public_key text;
alter table custody add column signature text;

-- Orders to keep: of one item, or of a whole incident.
create table evidence_hold (
  id {id},
  incident bigint not null references incident (id),
  evidence bigint references evidence (id),
  reason text not null,
  person text not null,
  account bigint,
  at bigint not null,
  lifted_at bigint,
  lifted_by text,
  lift_reason text
);
create index evidence_hold_of on evidence_hold (incident, id);

-- How long the evidence of an incident is kept where that is not the plan's word.
create table evidence_retention (
  incident bigint primary key references incident (id),
  retain_for text not null,
  reason text not null,
  person text not null,
  account bigint,
  at bigint not null
);

-- Uploads under way (tus 1.0.0). The sealed chunks are in a file of the same name; what fills no chunk
-- yet is `tail`, sealed. `received` counts what is durable.
create table evidence_upload (
  id text primary key,
  incident bigint not null references incident (id),
  account bigint not null references account (id),
  name text not null,
  statement text not null,
  length bigint not null,
  received bigint not null,
  tail {blob} not null,
  sealed_key {blob} not null,
  sealed_under bigint not null,
  made_at bigint not null,
  expires_at bigint not null,
  evidence bigint
);
create index evidence_upload_expires on evidence_upload (expires_at);
create index evidence_upload_of on evidence_upload (account, expires_at);
