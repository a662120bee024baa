-- Alerts that other tools reported in their own protocols: under which name they know it, and what they
-- sent, so that who reads it back finds it.
create table reported (
  id {id},
  -- thehive or iris.
  dialect text not null,
  -- What makes two reports the same one.
  identity text not null,
  alert bigint not null references alert (id),
  at bigint not null,
  body text not null
);
create unique index reported_identity on reported (identity);
