-- One delivery of telemetry: a file, or a request's body. Its bytes are a blob.
create table delivery (
  id {id},
  name text not null,
  format text not null,
  sha256 text not null,
  bytes bigint not null,
  state text not null,
  events bigint not null default 0,
  refused bigint not null default 0,
  detections bigint not null default 0,
  first_event bigint,
  last_event bigint,
  -- SHA-256 over the SHA-256 digests of all its events, in reading order.
  events_sha256 text,
  received_at bigint not null,
  received_by bigint,
  completed_at bigint,
  problem text
);
create index delivery_content on delivery (sha256, name);
create index delivery_state on delivery (state);

-- One record of telemetry, byte for byte, and what was read out of it.
create table event (
  id {id},
  delivery_id bigint not null references delivery (id),
  at bigint,
  host text,
  format text not null,
  product text,
  category text,
  service text,
  fields text not null,
  raw {blob} not null,
  raw_sha256 text not null
);
create index event_delivery on event (delivery_id, id);

-- Records that could not be read: the first of each delivery.
create table refused_record (
  id {id},
  delivery_id bigint not null references delivery (id),
  record text not null,
  cause text not null
);
create index refused_record_delivery on refused_record (delivery_id, id);
