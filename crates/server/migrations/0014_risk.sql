-- What one rule detected about one entity on one day of the events' own time: a sign of risk.
create table risk_sign (
  id {id},
  entity_kind text not null,
  entity_name text not null,
  rule text not null,
  -- Days since 1970, UTC.
  day bigint not null,
  -- What comes after a verdict on the same day is a sign of its own.
  round bigint not null,
  title text not null,
  severity text not null,
  -- How much the rule was believed, from 0 to 1, and what the sign was worth when it was new.
  confidence double precision not null,
  points double precision not null,
  count bigint not null,
  first_at bigint not null,
  last_at bigint not null,
  -- The first event.
  event_id bigint not null,
  -- The alert that took it in, if its rule raises any.
  alert_id bigint,
  -- The risk alert that lists it.
  risk_alert bigint,
  -- The alert whose verdict ended it.
  cleared_by bigint,
  techniques text not null,
  tactics text not null,
  unique (entity_kind, entity_name, rule, day, round)
);
create index risk_sign_alert on risk_sign (alert_id);
create index risk_sign_risk_alert on risk_sign (risk_alert);
create index risk_sign_cleared on risk_sign (cleared_by);

-- Where an entity stands by its signs.
create table risk_entity (
  id {id},
  entity_kind text not null,
  entity_name text not null,
  score double precision not null,
  score_at bigint not null,
  -- Sorts as scores do at any later time: they all fade alike.
  rank bigint not null,
  peak double precision not null,
  peak_at bigint not null,
  first_seen bigint not null,
  last_seen bigint not null,
  -- Its newest sign.
  last_sign bigint not null,
  unique (entity_kind, entity_name)
);
create index risk_entity_rank on risk_entity (rank, id);
create index risk_entity_last on risk_entity (last_sign);

-- How risk is reckoned (JSON). The latest is in force; before the first it is the default.
create table risk_setting (
  id {id},
  settings text not null,
  reason text not null,
  set_by bigint not null,
  set_at bigint not null
);
create index alert_judged on alert (rule, status, id);
