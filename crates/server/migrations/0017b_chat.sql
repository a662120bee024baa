-- What is said in an incident's room. A line never changes; what it was kept as is noted beside it.
create table chat_line (
  id {id},
  incident bigint not null references incident (id),
  at bigint not null,
  -- The name of whoever said it, and the account.
  author text not null,
  account bigint references account (id),
  body text not null,
  entry bigint references entry (id),
  decision bigint references decision (id),
  task bigint references task (id)
);
create index chat_of on chat_line (incident, id);
create index chat_entry on chat_line (entry);
create index chat_decision on chat_line (decision);

-- Whom a line names, and when they saw it.
create table mention (
  line bigint not null references chat_line (id),
  account bigint not null references account (id),
  seen_at bigint,
  primary key (line, account)
);
create index mention_of on mention (account, line);
