//! The database: SQLite in a file by default, PostgreSQL when the organisation outgrows it. The same
//! SQL runs on both; what differs lives in this folder alone.
//!
//! Reads go to a pool. Every write goes through the one [`Writer`], which commits many callers'
//! changes at once and answers each only after the commit is durable.

mod dialect;
mod migrate;
mod rows;
pub mod search;
mod writer;

use std::path::Path;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyConnection, AnyPool, Connection, Executor};

pub use dialect::Dialect;
pub use migrate::Migration;
pub use rows::{Bind, insert_rows};
pub use search::Sought;
pub use sqlx::any::AnyRow as Row;
pub use writer::Writer;

/// A connection inside a transaction, as a change gets it.
pub type Tx = AnyConnection;

/// What can go wrong between the server and its database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("the database address `{0}` is not understood: use sqlite:FILE or postgres://HOST/NAME")]
    Address(String),
    #[error("the database did not do as asked: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("SQLite {found} is too old: Watchbell needs {needed} or newer")]
    OldSqlite { found: String, needed: &'static str },
    #[error("another Watchbell already writes to this database: stop it, or give this one its own")]
    Locked,
    #[error("migration `{0}` is not the one this database was made with: restore the program that made it")]
    MigrationChanged(String),
    #[error("this database was made by a newer Watchbell (migration `{0}`): start that one")]
    Newer(String),
    #[error("the writer has stopped: restart Watchbell")]
    WriterGone,
}

/// The database of one running Watchbell.
#[derive(Clone)]
pub struct Db {
    readers: AnyPool,
    writer: Writer,
    dialect: Dialect,
}

impl Db {
    /// Connects, checks, migrates, and starts the writer.
    pub async fn open(address: &str, migrations: &[Migration]) -> Result<Self, DbError> {
        install_default_drivers();
        let dialect = Dialect::of(address).ok_or_else(|| DbError::Address(redact(address)))?;
        let mut connection = AnyConnection::connect(&dialect.writer_address(address)).await?;
        dialect.prepare_writer(&mut connection).await?;
        migrate::run(&mut connection, dialect, migrations).await?;
        let readers = AnyPoolOptions::new()
            .max_connections(8)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    for statement in dialect.reader_settings() {
                        connection.execute(*statement).await?;
                    }
                    Ok(())
                })
            })
            .connect(&dialect.writer_address(address))
            .await?;
        let writer = Writer::start(connection);
        Ok(Db { readers, writer, dialect })
    }

    /// The embedded database in a data folder.
    pub fn embedded_address(folder: &Path) -> String {
        format!("sqlite:{}", folder.join("watchbell.db").display())
    }

    pub fn readers(&self) -> &AnyPool {
        &self.readers
    }

    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Finishes what was accepted and closes.
    pub async fn close(&self) {
        self.writer.stop().await;
        self.readers.close().await;
    }
}

/// An address without its password, for error messages and logs.
pub fn redact(address: &str) -> String {
    match (address.find("://"), address.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            let (before, after) = (address.get(..scheme + 3), address.get(at..));
            format!("{}…{}", before.unwrap_or_default(), after.unwrap_or_default())
        }
        _ => address.to_owned(),
    }
}
