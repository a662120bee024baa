-- What one incident is to another, said from `this_one`'s side.
create table incident_link (
  id {id},
  this_one bigint not null references incident (id),
  kind text not null,
  other_one bigint not null references incident (id),
  reason text not null,
  made_by bigint not null references account (id),
  made_at bigint not null,
  -- Links are ended, never deleted.
  ended_by bigint references account (id),
  ended_at bigint,
  ended_reason text
);
create index incident_link_this on incident_link (this_one, kind);
create index incident_link_other on incident_link (other_one, kind);

-- That one incident is merged into another. Nothing of either moves: it is read together while this stands.
create table incident_merge (
  id {id},
  part bigint not null references incident (id),
  head bigint not null references incident (id),
  reason text not null,
  made_by bigint not null references account (id),
  made_at bigint not null,
  -- Who was let in for it and leaves with it: a JSON list of incidents' and accounts' numbers.
  admitted text not null,
  ended_by bigint references account (id),
  ended_at bigint,
  ended_reason text
);
create index incident_merge_part on incident_merge (part, ended_at);
create index incident_merge_head on incident_merge (head, ended_at);

-- Incidents of one family, each seen from each. `below` is 1 where `other` is merged into `scope`, be it by
-- way of others. A scope is an incident's number.
create table scope_kin (
  scope bigint not null,
  other bigint not null,
  below bigint not null,
  primary key (scope, other)
);
create index scope_kin_other on scope_kin (other, below);
