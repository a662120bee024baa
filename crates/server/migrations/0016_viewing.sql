-- What an item was taken out of, and which part of it it is: "header", "body 1", "attachment 2", "member 7".
alter table evidence add column derived_from bigint references evidence (id);
alter table evidence add column part text;
create index evidence_derived on evidence (derived_from);
