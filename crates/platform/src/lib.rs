//! What the server stands on: the database with its single writer, migrations, the outbox, the blob
//! store, the clock and secrets. Nothing here knows incidents, rules or pages.

pub mod blobs;
pub mod clock;
pub mod db;
pub mod outbox;
pub mod secrets;
pub mod testing;
