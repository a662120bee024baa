//! For tests of this and other crates: a fresh PostgreSQL database where a server answers.

use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

/// Makes an empty database and gives its address. `WATCHBELL_TEST_POSTGRES` names the server
/// (default: the local one); where none answers, says so in a line and gives `None`.
pub async fn postgres(name: &str) -> Option<String> {
    let server = std::env::var("WATCHBELL_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
    install_default_drivers();
    let mut connection = match AnyConnection::connect(&format!("{server}/postgres")).await {
        Ok(connection) => connection,
        Err(error) => {
            println!("skipped on PostgreSQL: {error}");
            return None;
        }
    };
    let database = format!("watchbell_test_{name}_{}", std::process::id());
    for statement in
        [format!("drop database if exists {database} with (force)"), format!("create database {database}")]
    {
        if let Err(error) = connection.execute(AssertSqlSafe(statement)).await {
            println!("skipped on PostgreSQL: {error}");
            return None;
        }
    }
    Some(format!("{server}/{database}"))
}
