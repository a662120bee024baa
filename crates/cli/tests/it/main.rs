//! The binary as people use it: started with arguments, read by what it prints and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod batches;
mod dice;
mod hunt;
mod kill;
mod kill_playbook;
mod obligations;
mod playbook;
mod rules;
mod served;
mod story;
mod support;
mod tail;
mod tail_ship;
mod upload;
