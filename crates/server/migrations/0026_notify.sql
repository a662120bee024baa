-- The ways by which messages go out. The secret is sealed under the instance's key for messages.
create table notify_channel (
  id {id},
  name text not null,
  kind text not null,
  address text not null,
  -- What else the protocol asks for: the sender, the account, the room.
  detail text not null,
  secret {blob},
  active bigint not null,
  created_at bigint not null
);

-- Where somebody wants to be reached.
create table contact_point (
  id {id},
  account bigint not null references account (id),
  channel bigint not null references notify_channel (id),
  address text not null,
  -- A JSON list of matters; an empty one stands for all.
  matters text not null,
  unique (account, channel, address)
);

create table quiet_hours (
  account bigint primary key references account (id),
  zone text not null,
  starts text not null,
  ends text not null,
  -- The severity from which the hours do not count.
  breaks text not null
);

create table escalation_policy (
  one bigint primary key,
  steps text not null
);

-- A message to one person, or to a team's channel. What an escalation adds names the first as its root.
create table notification (
  id {id},
  -- Says what it is about and to whom: the same is told once.
  key text not null unique,
  matter text not null,
  severity text not null,
  incident bigint,
  record text not null,
  title text not null,
  body text not null,
  person bigint references account (id),
  root bigint references notification (id),
  -- How many steps were taken, and when the next is due.
  step bigint not null,
  next_at bigint,
  created_at bigint not null,
  acknowledged_at bigint,
  acknowledged_by bigint references account (id),
  -- Why nothing more is to be done, where nobody acknowledged it.
  settled text
);
create index notification_due on notification (next_at);
create index notification_record on notification (record);
create index notification_root on notification (root);

create table message_delivery (
  id {id},
  notification bigint not null references notification (id),
  channel bigint not null references notify_channel (id),
  address text not null,
  state text not null,
  attempts bigint not null,
  due_at bigint not null,
  -- What the other side said last.
  answer text,
  updated_at bigint not null
);
create index message_delivery_due on message_delivery (state, due_at);
create index message_delivery_of on message_delivery (notification);

-- Each attempt: written before it is made, closed with what came of it.
create table message_attempt (
  id {id},
  delivery bigint not null references message_delivery (id),
  begun_at bigint not null,
  ended_at bigint,
  sent bigint,
  answer text
);
create index message_attempt_of on message_attempt (delivery);
