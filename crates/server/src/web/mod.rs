//! What all pages and API handlers share: the frame around a page, who is asking, live updates,
//! reading requests, problem documents as pages, embedded assets.

pub mod assets;
pub mod chart;
pub mod credentials;
pub mod csv;
pub mod download;
pub mod extract;
pub mod frame;
pub mod gate;
pub mod live;
pub mod markdown;
pub mod openapi;
pub mod paging;
pub mod parts;
pub mod presence;
pub mod press;
pub mod problem;
pub mod toast;
