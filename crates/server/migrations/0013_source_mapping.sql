-- What a webhook's records mean, in versions; the newest is in force.
create table source_mapping (
  source_id bigint not null references source (id),
  version bigint not null,
  content text not null,
  created_at bigint not null,
  created_by bigint,
  primary key (source_id, version)
);
