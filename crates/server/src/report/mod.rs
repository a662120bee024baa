//! (being written)

pub mod api;
pub mod page;
