//! What the server stands on: the database with its single writer, migrations, the outbox, the blob
//! store, content under keys, the clock and secrets. Nothing here knows incidents, rules or pages.

pub mod blobs;
pub mod clock;
pub mod db;
pub mod hashes;
pub mod outbox;
pub mod sealed;
pub mod search;
pub mod secrets;
pub mod testing;
