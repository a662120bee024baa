-- What correlation rules have seen: a hit for each event that one of their rules matched, by the group that
-- it belongs to. It is judged with those that come after it, also after a restart.
create table correlation_hit (
  id {id},
  -- The correlation with a fingerprint of what it looks for.
  correlation text not null,
  -- SHA-256 of the group's values.
  grp text not null,
  at bigint not null,
  slot bigint not null,
  event_id bigint not null references event (id),
  -- What of the event the correlation looks at (JSON), and further events (JSON); empty for nothing.
  marks text not null,
  events text not null,
  told bigint not null,
  forget_at bigint not null
);
create index correlation_hit_group on correlation_hit (correlation, grp, at);
create index correlation_hit_forget on correlation_hit (forget_at);

-- When a correlation fired anew.
create table correlation_fired (
  correlation text not null,
  grp text not null,
  at bigint not null,
  forget_at bigint not null
);
create index correlation_fired_group on correlation_fired (correlation, grp, at);
create index correlation_fired_forget on correlation_fired (forget_at);
