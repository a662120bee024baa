-- Versions of the incident response plan. The newest one is in force.
create table plan_version (
  id {id},
  -- The whole plan as JSON (`domain::plan::Plan`).
  content text not null,
  since bigint not null
);
