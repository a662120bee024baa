-- The ledger's one row of state: the right edge of the Merkle tree.
create table ledger_head (
  one bigint primary key check (one = 1),
  frontier {blob} not null
);

-- Nodes of the tree by their stored-hash index.
create table ledger_hash (
  idx bigint primary key,
  hash {blob} not null
);

-- One change of one record. The leaf commits to the body by its SHA-256.
create table record_version (
  leaf_index bigint primary key,
  record text not null,
  version bigint not null,
  at bigint not null,
  actor text not null,
  act text not null,
  leaf text not null,
  body text not null,
  -- The incident whose need-to-know decides who may read it.
  scope bigint,
  unique (record, version)
);
create index record_version_scope on record_version (scope, leaf_index);

-- Signed tree heads.
create table ledger_checkpoint (
  size bigint primary key,
  note text not null,
  at bigint not null
);
