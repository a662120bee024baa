//! Watchbell's server. One folder a word, each with the same four files: `mod.rs` the verbs,
//! `store.rs` its SQL, `api.rs` JSON, `page.rs` HTML. `app.rs` is what they share, `change.rs` how
//! anything changes, `router.rs` the one list of routes, `web/` what all pages share.

pub mod alert;
pub mod app;
pub mod audit;
pub mod change;
pub mod egress;
pub mod error;
pub mod event;
pub mod evidence;
pub mod identity;
pub mod incident;
pub mod intake;
pub mod notify;
pub mod plan;
pub mod playbook;
pub mod report;
pub mod router;
pub mod serve;
pub mod source;
pub mod web;

pub use app::{App, Config};
pub use error::{Error, Result};
