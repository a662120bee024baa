-- Whether the intruder had an asset, and how far its containment is; `state` says both in one word.
alter table asset add column compromise text;
alter table asset add column containment text;
update asset set
  compromise = case state when 'compromised' then 'confirmed' when 'contained' then 'confirmed' when 'clean' then 'cleared' else 'suspected' end,
  containment = case state when 'contained' then 'isolated' else 'open' end;

-- Every step of an asset, by whom and why.
create table asset_step (
  id {id},
  incident bigint not null references incident (id),
  asset bigint not null references asset (id),
  -- `compromise` or `containment`.
  machine text not null,
  was text not null,
  became text not null,
  reason text,
  account bigint references account (id),
  at bigint not null
);
create index asset_step_of on asset_step (incident, id);
