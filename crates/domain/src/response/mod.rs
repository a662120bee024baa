//! What a severity sets going in an incident: the actions, the people to muster ([`muster`]), the times
//! that are owed ([`clock`]) and the approvals without which some acts are not done ([`approval`]).
//! [`replan`] works out what a level starts and what another level changes of it.

pub mod approval;
pub mod clock;
pub mod muster;
pub mod replan;

pub use approval::{ActKind, ApprovalStatus};
pub use clock::{Clock, ClockKind, ClockState};
pub use muster::{MusterState, MusterStatus};
pub use replan::{Place, Replan, Running};
