-- Data and people that an incident concerns. Records are never changed: a wrong one is withdrawn, with the reason.
create table affected_data (
  id {id},
  incident bigint not null references incident (id),
  -- JSON lists of words.
  kinds text not null,
  done text not null,
  subjects text not null,
  countries text not null,
  people text,
  protection text not null,
  confidence text not null,
  source text not null,
  note text,
  recorded_by bigint not null references account (id),
  recorded_at bigint not null,
  withdrawn_by bigint references account (id),
  withdrawn_at bigint,
  why text
);
create index affected_data_of on affected_data (incident, id);

create table effort (
  id {id},
  incident bigint not null references incident (id),
  who text not null,
  minutes bigint not null,
  what text not null,
  day text not null,
  recorded_by bigint not null references account (id),
  recorded_at bigint not null,
  withdrawn_by bigint references account (id),
  withdrawn_at bigint,
  why text
);
create index effort_of on effort (incident, id);

create table cost (
  id {id},
  incident bigint not null references incident (id),
  kind text not null,
  -- In the smallest unit of the currency.
  units bigint not null,
  currency text not null,
  vendor text,
  what text not null,
  day text not null,
  recorded_by bigint not null references account (id),
  recorded_at bigint not null,
  withdrawn_by bigint references account (id),
  withdrawn_at bigint,
  why text
);
create index cost_of on cost (incident, id);
