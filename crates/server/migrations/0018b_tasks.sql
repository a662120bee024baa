-- What a task waits for, a JSON list of tasks; when it fits, as JSON; why it does not fit now; and which task of the
-- library it is.
alter table task add column after_tasks text;
alter table task add column only_if text;
alter table task add column unfit text;
alter table task add column library text;

-- Tasks that people saved for others to use.
create table saved_task (
  id {id},
  title text not null,
  instructions text,
  role text,
  phase text not null,
  due_within text,
  saved_by bigint not null references account (id),
  saved_at bigint not null,
  removed_at bigint
);
