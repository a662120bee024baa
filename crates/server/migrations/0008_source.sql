-- Where telemetry comes from, again and again: a shipper, a listener's peer, a followed file.
create table source (
  id {id},
  -- What its shipper calls it; never changes.
  name text not null unique,
  -- What people call it.
  label text,
  kind text not null,
  -- The format that its records are expected in; null: told by the bytes.
  format text,
  state text not null,
  created_at bigint not null,
  created_by bigint,
  last_seen bigint,
  -- The newest event's own time, and how long after it that event was received (microseconds).
  newest_event bigint,
  lag bigint,
  batches bigint not null default 0,
  events bigint not null default 0,
  refused bigint not null default 0,
  bytes bigint not null default 0,
  detections bigint not null default 0,
  -- Messages that were lost before they could be kept (UDP), as far as they could be counted.
  dropped bigint not null default 0,
  -- After how many seconds without a record it counts as silent; null: no alarm.
  silence_after bigint,
  -- Since when it is silent; null: it is not, or nobody is told.
  silent_since bigint
);

-- How much came in five minutes; kept for two days.
create table source_rate (
  source_id bigint not null references source (id),
  bucket bigint not null,
  events bigint not null,
  refused bigint not null,
  bytes bigint not null,
  detections bigint not null,
  primary key (source_id, bucket)
);

-- When a source was silent for longer than it may.
create table source_silence (
  id {id},
  source_id bigint not null references source (id),
  -- The last record before it, when the alarm was raised, and the first record after it.
  began_at bigint not null,
  alarmed_at bigint not null,
  ended_at bigint,
  alert_id bigint
);
create index source_silence_source on source_silence (source_id, id);

alter table delivery add column source_id bigint;
create index delivery_source on delivery (source_id, id);

-- A batch in a delivery: where its body stands in the delivery's bytes.
create table batch (
  delivery_id bigint not null references delivery (id),
  place bigint not null,
  source_id bigint not null references source (id),
  starts_at bigint not null,
  bytes bigint not null,
  events bigint not null,
  refused bigint not null,
  detections bigint not null,
  -- The sender's name for it, by which a batch that is sent again is recognised.
  idempotency_key text,
  received_at bigint not null,
  primary key (delivery_id, place)
);
create index batch_key on batch (source_id, idempotency_key);

-- The quarantine: refused records with their bytes.
alter table refused_record add column source_id bigint;
alter table refused_record add column raw {blob};
-- How long it is; more than `raw` where only its beginning is kept. Null: its bytes were not kept.
alter table refused_record add column raw_bytes bigint;
alter table refused_record add column state text not null default 'held';
alter table refused_record add column settled_at bigint;
alter table refused_record add column settled_by bigint;
-- Why it was discarded.
alter table refused_record add column reason text;
-- The delivery that it became an event in.
alter table refused_record add column replayed_in bigint;
create index refused_record_state on refused_record (state, id);
create index refused_record_source on refused_record (source_id, state, id);
