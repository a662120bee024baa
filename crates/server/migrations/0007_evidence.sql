-- An evidence item. Its bytes are a blob, named by their SHA-256; they never change.
create table evidence (
  id {id},
  incident bigint not null references incident (id),
  name text not null,
  sha256 text not null,
  bytes bigint not null,
  -- How it came into our hands.
  method text not null,
  tool text not null,
  place text not null,
  acquired_by text not null,
  acquired_at bigint not null,
  note text,
  -- The delivery of telemetry that it is, if it is one.
  delivery bigint references delivery (id),
  collected_by bigint,
  -- Where the chain of custody has led to.
  status text not null,
  custodian text not null,
  holder text not null,
  -- The last time that its bytes were hashed again.
  checked_at bigint,
  checked_by text,
  intact bigint
);
create index evidence_of on evidence (incident, id);
create index evidence_delivery on evidence (delivery);

-- The links of the chain of custody. They are only ever added.
create table custody (
  id {id},
  evidence bigint not null references evidence (id),
  act text not null,
  person text not null,
  account bigint,
  receiver text,
  reason text,
  at bigint not null
);
create index custody_of on custody (evidence, id);
