-- How many detections an alert took in on a day (days since 1970, UTC), by when they came in. All are
-- counted, also those whose matches are not kept.
create table alert_day (
  alert_id bigint not null references alert (id),
  day bigint not null,
  count bigint not null,
  primary key (alert_id, day)
);
create index alert_day_day on alert_day (day);
insert into alert_day (alert_id, day, count) select id, created_at / 86400000000, count from alert;
create index alert_created on alert (created_at);

-- What the alerts of a closed incident were, by its outcome.
create table incident_verdict (
  incident_id bigint primary key,
  verdict text not null
);
insert into incident_verdict (incident_id, verdict)
  select id,
    case outcome
      when 'false_positive' then 'false_positive'
      when 'duplicate' then 'duplicate'
      when 'test' then 'benign'
      else 'true_positive'
    end
  from incident where outcome is not null;
