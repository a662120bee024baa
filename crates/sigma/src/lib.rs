//! Sigma rules in, detections out. [`RuleSet`] reads rules as the Sigma specification 2.1 writes
//! them, [`Engine`] compiles them and tells which of them an event matches and why. Knows
//! [`telemetry::Event`] and nothing else: no alerts, no stores.

mod bucket;
mod cache;
mod compile;
mod condition;
pub mod correlation;
mod detection;
mod encode;
mod engine;
mod error;
mod explain;
mod filter;
mod grams;
mod hash;
mod index;
mod item;
mod lint;
mod load;
mod memo;
mod modifier;
#[cfg(test)]
mod naive;
mod number;
mod pattern;
mod placeholders;
mod program;
mod required;
mod route;
mod rule;
mod test;
mod text;
mod tree;
mod view;
mod yaml;

pub use correlation::{Correlation, Correlations};
pub use detection::Placeholders;
pub use engine::{Detection, Engine, FoundField, RuleIndex};
pub use error::{Refusal, SigmaError, Warning};
pub use explain::{Asked, Explanation, Item, Line, Seen, SourceCheck, Step, What};
pub use filter::Filter;
pub use lint::{Lint, duplicates, lint};
pub use load::{Loaded, RuleSet};
pub use placeholders::read_placeholders;
pub use route::Routing;
pub use rule::{Attack, Level, Related, Rule, Status, Tuning};
