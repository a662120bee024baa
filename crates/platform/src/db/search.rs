//! The index of texts where the databases differ: FTS5 without content beside the documents on SQLite, a `tsvector`
//! on PostgreSQL. Both are handed words that are letters, digits and `_` alone, so nothing needs escaping.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sqlx::{AssertSqlSafe, Executor, Row};

use super::{Bind, DbError, Dialect, Tx, insert_rows};
use crate::search::{Document, Indexed, Query, SPAN, SPANS, Term};

/// How to ask for documents that have what is sought: what stands after `from`, and the condition, in which the
/// query is `$1` (text) and `{id}` the document's number, by which the index gives them in order.
#[derive(Debug, Clone)]
pub struct Sought {
    pub from: String,
    pub matches: String,
    pub id: &'static str,
}

impl Dialect {
    /// `numbers` are those of one kind.
    pub fn sought(self, numbers: &std::ops::Range<i64>) -> Sought {
        match self {
            // `cross join` keeps the order: the index first, then the documents that it names.
            Dialect::Sqlite => Sought {
                from: format!("{} t cross join search_document d on d.id = t.rowid", table(numbers.start)),
                // The hidden column of an FTS5 table that stands for all of them has the table's name.
                matches: format!("{} match $1", table(numbers.start)),
                id: "t.rowid",
            },
            Dialect::Postgres => Sought {
                from: "search_document d".to_owned(),
                matches: "d.words @@ cast($1 as tsquery)".to_owned(),
                id: "d.id",
            },
        }
    }

    /// A query in this database's words.
    pub fn query(self, query: &Query) -> String {
        let terms: Vec<String> = query.terms().iter().map(|term| self.term(term)).collect();
        match self {
            Dialect::Sqlite => terms.join(" AND "),
            Dialect::Postgres => terms.join(" & "),
        }
    }

    fn term(self, term: &Term) -> String {
        match (self, term) {
            (Dialect::Sqlite, Term::Whole(word)) => format!("\"{word}\""),
            (Dialect::Sqlite, Term::Beginning(word)) => format!("\"{word}\" *"),
            (Dialect::Sqlite, Term::Phrase(words)) => format!("\"{}\"", words.join(" ")),
            (Dialect::Postgres, Term::Whole(word)) => format!("'{word}'"),
            (Dialect::Postgres, Term::Beginning(word)) => format!("'{word}':*"),
            (Dialect::Postgres, Term::Phrase(words)) => {
                let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                format!("({})", words.join(" <-> "))
            }
        }
    }
}

/// The FTS5 table that holds the words of this document.
fn table(id: i64) -> String {
    format!("search_text_{}", (id / SPAN).clamp(1, SPANS))
}

/// Writes documents into the index. Those whose text stands there already cost a look alone.
pub async fn put(tx: &mut Tx, dialect: Dialect, documents: Vec<Document>) -> Result<(), DbError> {
    let newest: BTreeMap<i64, Document> = documents.into_iter().map(|one| (one.id, one.tidied())).collect();
    let known = known(tx, newest.keys().copied()).await?;
    let mut moved = Vec::new();
    let mut written = Vec::new();
    for (id, document) in newest {
        if let (Some(along), Some(old)) = (document.along, known.get(&id))
            && old.scope != document.scope
        {
            sqlx::query("update search_document set scope = $1 where id = $2")
                .bind(document.scope)
                .bind(along)
                .execute(&mut *tx)
                .await?;
        }
        match known.get(&id) {
            Some(old) if old.leaf > document.leaf => {}
            Some(old) if old.title == document.title && old.body == document.body => {
                if (old.scope, old.at) != (document.scope, document.at) {
                    moved.push(document);
                }
            }
            _ => written.push(document),
        }
    }
    for document in moved {
        sqlx::query("update search_document set scope = $1, at = $2, leaf = $3 where id = $4")
            .bind(document.scope)
            .bind(document.at)
            .bind(document.leaf)
            .bind(document.id)
            .execute(&mut *tx)
            .await?;
    }
    match dialect {
        Dialect::Sqlite => to_fts5(tx, written).await,
        Dialect::Postgres => to_tsvector(tx, written).await,
    }
}

/// Takes out all documents with these numbers but the named ones.
pub async fn clear(
    tx: &mut Tx,
    dialect: Dialect,
    numbers: std::ops::Range<i64>,
    keep: &BTreeSet<i64>,
) -> Result<(), DbError> {
    let rows = sqlx::query("select id from search_document where id >= $1 and id < $2")
        .bind(numbers.start)
        .bind(numbers.end)
        .fetch_all(&mut *tx)
        .await?;
    for row in &rows {
        let id: i64 = row.try_get(0)?;
        if keep.contains(&id) {
            continue;
        }
        sqlx::query("delete from search_document where id = $1").bind(id).execute(&mut *tx).await?;
        if dialect == Dialect::Sqlite {
            let sql = format!("delete from {} where rowid = $1", table(id));
            sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&mut *tx).await?;
        }
    }
    Ok(())
}

struct Known {
    scope: Option<i64>,
    at: i64,
    leaf: i64,
    title: String,
    body: String,
}

async fn known(tx: &mut Tx, ids: impl Iterator<Item = i64>) -> Result<BTreeMap<i64, Known>, DbError> {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    let mut known = BTreeMap::new();
    for some in ids.chunks(500) {
        let sql = format!(
            "select id, scope, at, leaf, title, body from search_document where id in ({})",
            some.join(", ")
        );
        for row in tx.fetch_all(sqlx::query(AssertSqlSafe(sql)).persistent(false)).await? {
            let one = Known {
                scope: row.try_get(1)?,
                at: row.try_get(2)?,
                leaf: row.try_get(3)?,
                title: row.try_get(4)?,
                body: row.try_get(5)?,
            };
            known.insert(row.try_get(0)?, one);
        }
    }
    Ok(known)
}

async fn to_fts5(tx: &mut Tx, documents: Vec<Document>) -> Result<(), DbError> {
    let text = |document: &Document| -> [Bind; 4] {
        let (title, body) = document.words();
        let marks: BTreeSet<String> = title.values.into_iter().chain(body.values).collect();
        let marks: Vec<String> = marks.into_iter().collect();
        [
            document.id.into(),
            title.words.join(" ").into(),
            body.words.join(" ").into(),
            marks.join(" ").into(),
        ]
    };
    let mut texts: BTreeMap<String, Vec<[Bind; 4]>> = BTreeMap::new();
    for document in &documents {
        texts.entry(table(document.id)).or_default().push(text(document));
    }
    for (table, texts) in texts {
        let into = format!("insert or replace into {table} (rowid, title, body, marks)");
        insert_rows(tx, &into, texts, "").await?;
    }
    let rows = documents.into_iter().map(row).collect();
    insert_rows(tx, "insert or replace into search_document (id, scope, at, leaf, title, body)", rows, "")
        .await?;
    Ok(())
}

fn row(document: Document) -> [Bind; 6] {
    [
        document.id.into(),
        document.scope.into(),
        document.at.into(),
        document.leaf.into(),
        document.title.into(),
        document.body.into(),
    ]
}

async fn to_tsvector(tx: &mut Tx, documents: Vec<Document>) -> Result<(), DbError> {
    let rows = documents
        .into_iter()
        .map(|document| {
            let (title, body) = document.words();
            let [id, scope, at, leaf, title_text, body_text] = row(document);
            [id, scope, at, leaf, title_text, body_text, vector(&title, &body).into()]
        })
        .collect();
    insert_rows(
        tx,
        "insert into search_document (id, scope, at, leaf, title, body, words)
         select v.id, v.scope, v.at, v.leaf, v.title, v.body, cast(v.words as tsvector) from (",
        rows,
        ") as v (id, scope, at, leaf, title, body, words)
         on conflict (id) do update set scope = excluded.scope, at = excluded.at, leaf = excluded.leaf,
           title = excluded.title, body = excluded.body, words = excluded.words",
    )
    .await?;
    Ok(())
}

/// Words with their places; values without, so that they stand between no two words of a phrase.
fn vector(title: &Indexed, body: &Indexed) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for (place, word) in title.words.iter().enumerate() {
        write!(text, "'{word}':{} ", place + 1).ok();
    }
    let after = title.words.len() + 10;
    for (place, word) in body.words.iter().enumerate() {
        write!(text, "'{word}':{} ", after + place).ok();
    }
    for value in title.values.iter().chain(&body.values) {
        write!(text, "'{value}' ").ok();
    }
    text
}
