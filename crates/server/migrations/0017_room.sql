-- What was written down last is read on every look into an incident's room.
create index entry_written on entry (incident, id);

-- When somebody was last in an incident's room, and since when what is there is new to them.
create table incident_visit (
  incident bigint not null references incident (id),
  account bigint not null references account (id),
  -- The end of the visit before this one; null on the first.
  since bigint,
  last bigint not null,
  primary key (incident, account)
);
