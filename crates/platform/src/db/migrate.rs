//! Migrations: each runs once, in order, in a transaction; one that ran may never change.

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};

use super::{DbError, Dialect};

/// One step of the schema, named by its file.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub name: &'static str,
    pub sql: &'static str,
}

pub(super) async fn run(
    connection: &mut AnyConnection,
    dialect: Dialect,
    migrations: &[Migration],
) -> Result<(), DbError> {
    connection
        .execute("create table if not exists migration (name text primary key, sha256 text not null)")
        .await?;
    let done = applied(connection).await?;
    if let Some((name, _)) = done.iter().find(|(name, _)| migrations.iter().all(|m| m.name != name)) {
        return Err(DbError::Newer(name.clone()));
    }
    for migration in migrations {
        let sha256 = hex::encode(Sha256::digest(migration.sql.as_bytes()));
        match done.iter().find(|(name, _)| name == migration.name) {
            Some((_, known)) if *known == sha256 => {}
            Some(_) => return Err(DbError::MigrationChanged(migration.name.to_owned())),
            None => apply(connection, dialect, migration, &sha256).await?,
        }
    }
    Ok(())
}

async fn applied(connection: &mut AnyConnection) -> Result<Vec<(String, String)>, DbError> {
    let rows = connection.fetch_all("select name, sha256 from migration").await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn apply(
    connection: &mut AnyConnection,
    dialect: Dialect,
    migration: &Migration,
    sha256: &str,
) -> Result<(), DbError> {
    let mut transaction = connection.begin().await?;
    for statement in statements(migration.sql) {
        if let Some(sql) = dialect.ddl(&statement) {
            transaction.execute(AssertSqlSafe(sql)).await?;
        }
    }
    sqlx::query("insert into migration (name, sha256) values ($1, $2)")
        .bind(migration.name)
        .bind(sha256)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// The statements of a file. Our migrations hold no semicolon inside a literal or a body.
fn statements(sql: &str) -> Vec<String> {
    let without_comments: String = sql
        .lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n");
    without_comments.split(';').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_statements_fall_away() {
        let parts = statements(
            "-- a table; with a remark\ncreate table a (b text); -- more\n\n;create table c (d text);",
        );
        assert_eq!(parts, ["create table a (b text)", "create table c (d text)"]);
    }
}
