-- What an alert's detections are grouped under, and by what where it is not the entity (JSON).
alter table alert add column group_key text not null default '';
alter table alert add column grouped text;
update alert set group_key = entity_kind || ' ' || entity_name;
create index alert_group on alert (rule, group_key, last_seen);

-- How a rule's detections are grouped. The latest of a rule is in force; before the first it was the
-- default, which a null stands for.
create table rule_grouping (
  id {id},
  rule text not null,
  grouping text,
  reason text not null,
  set_by bigint not null,
  set_at bigint not null
);
create index rule_grouping_rule on rule_grouping (rule, id);
