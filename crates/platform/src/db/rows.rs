//! Many rows in one statement. sqlx's own builder writes `?` for a placeholder whatever the database;
//! this writes `$1`, which SQLite and PostgreSQL both take.

use std::fmt::Write;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Executor};

use super::{DbError, Tx};

/// How many placeholders one statement has at the most. Both databases would take more, but SQLite looks
/// up each `$n` among all names before it, so that long statements take time with the square of their
/// length.
const PLACEHOLDERS: usize = 600;

/// A value of a row.
#[derive(Debug, Clone)]
pub enum Bind {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Vec<u8>),
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Bind::Int(Some(number))
    }
}

impl From<Option<i64>> for Bind {
    fn from(number: Option<i64>) -> Self {
        Bind::Int(number)
    }
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Bind::Text(Some(text.to_owned()))
    }
}

impl From<String> for Bind {
    fn from(text: String) -> Self {
        Bind::Text(Some(text))
    }
}

impl From<Option<String>> for Bind {
    fn from(text: Option<String>) -> Self {
        Bind::Text(text)
    }
}

impl From<Vec<u8>> for Bind {
    fn from(bytes: Vec<u8>) -> Self {
        Bind::Blob(bytes)
    }
}

/// Inserts all rows, in as few statements as the databases allow. `into` is the statement up to the
/// values (`insert into note (text, n)`), `tail` what follows them (`returning id`, or nothing); what
/// the tail returns comes back in the order of the rows.
pub async fn insert_rows<const N: usize>(
    tx: &mut Tx,
    into: &str,
    rows: Vec<[Bind; N]>,
    tail: &'static str,
) -> Result<Vec<AnyRow>, DbError> {
    let mut returned = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let whole = (PLACEHOLDERS / N.max(1)).max(1);
        let some: Vec<_> = rows.by_ref().take(whole).collect();
        let sql = format!("{into} values {} {tail}", placeholders(some.len(), N));
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(some.len() == whole);
        for bind in some.into_iter().flatten() {
            query = match bind {
                Bind::Int(number) => query.bind(number),
                Bind::Text(text) => query.bind(text),
                Bind::Blob(bytes) => query.bind(bytes),
            };
        }
        returned.extend((&mut *tx).fetch_all(query).await?);
    }
    Ok(returned)
}

/// `($1,$2),($3,$4)`
fn placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            write!(text, "{comma}${}", row * columns + column + 1).ok();
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn placeholders_count_through() {
        assert_eq!(placeholders(2, 3), "($1,$2,$3),($4,$5,$6)");
    }
}
