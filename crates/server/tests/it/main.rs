//! Stories told to a real server over HTTP. One binary, a module a subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_wrap
)]

mod access;
mod alert;
mod assets;
mod audit;
mod case;
mod clients;
mod correlate;
mod custom;
mod evidence;
mod flood;
mod grouping;
mod harness;
mod hostile;
mod identity;
mod impact;
mod incident;
mod intake;
mod kinship;
mod merge;
mod noise;
mod outside;
mod plan;
mod plan_draft;
mod plan_pages;
mod playbook;
mod report;
mod response;
mod risk;
mod room;
mod rules;
mod security;
mod seen;
mod source;
mod speak;
mod suppress;
mod syslog;
mod task_library;
mod upload;
mod vault;
mod viewing;
mod webhook;
