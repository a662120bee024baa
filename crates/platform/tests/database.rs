#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
//! The writer, the migrations and the outbox on SQLite, and on PostgreSQL where one answers.

use std::sync::Arc;

use futures_util::future::join_all;
use platform::db::{Bind, Db, DbError, Dialect, Migration, insert_rows};
use platform::outbox;
use sqlx::Row;

const SCHEMA: &[Migration] = &[
    outbox::MIGRATION,
    Migration {
        name: "0001",
        sql: "create table note (id {id}, text text not null unique, body {blob}, n bigint)",
    },
];

struct Store {
    db: Db,
    address: String,
    _folder: Arc<tempfile::TempDir>,
}

async fn stores(name: &str) -> Vec<Store> {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut addresses = vec![Db::embedded_address(folder.path())];
    addresses.extend(platform::testing::postgres(name).await);
    let mut stores = Vec::new();
    for address in addresses {
        let db = Db::open(&address, SCHEMA).await.unwrap();
        stores.push(Store { db, address, _folder: folder.clone() });
    }
    stores
}

async fn add(db: &Db, text: String) -> Result<i64, DbError> {
    db.writer()
        .run(move |tx| {
            Box::pin(async move {
                let row = sqlx::query("insert into note (text, body, n) values ($1, $2, $3) returning id")
                    .bind(&text)
                    .bind(text.as_bytes())
                    .bind(None::<i64>)
                    .fetch_one(&mut *tx)
                    .await?;
                outbox::publish(tx, jiff::Timestamp::UNIX_EPOCH, "notes", &text, None).await?;
                Ok(row.try_get(0)?)
            })
        })
        .await
}

async fn count(db: &Db) -> i64 {
    sqlx::query("select count(*) from note").fetch_one(db.readers()).await.unwrap().try_get(0).unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_and_a_refusal_leaves_nothing() {
    for store in stores("answered").await {
        add(&store.db, "one".into()).await.unwrap();
        let twice = add(&store.db, "one".into()).await;
        assert!(matches!(twice, Err(DbError::Sql(_))), "{twice:?}");
        assert_eq!(count(&store.db).await, 1, "{}", store.address);
    }
}

#[tokio::test]
async fn one_bad_change_takes_no_neighbour_with_it() {
    for store in stores("neighbours").await {
        let changes = (0..200).map(|n| add(&store.db, format!("note {}", if n % 10 == 0 { 0 } else { n })));
        let outcomes = join_all(changes).await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 181);
        assert_eq!(count(&store.db).await, 181);
    }
}

#[tokio::test]
async fn a_panic_in_a_change_is_an_error_for_its_caller_alone() {
    for store in stores("panics").await {
        let outcome: Result<(), DbError> =
            store.db.writer().run(|_| Box::pin(async { panic!("on purpose") })).await;
        assert!(matches!(outcome, Err(DbError::WriterGone)));
        add(&store.db, "after".into()).await.unwrap();
        assert_eq!(count(&store.db).await, 1);
    }
}

#[tokio::test]
async fn listeners_hear_what_was_committed_in_order() {
    for store in stores("listeners").await {
        let mut signals = outbox::follow(&store.db).await.unwrap().subscribe();
        for text in ["a", "b", "c"] {
            add(&store.db, text.into()).await.unwrap();
        }
        for text in ["a", "b", "c"] {
            assert_eq!(signals.recv().await.unwrap().record, text);
        }
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    for store in stores("readers").await {
        let outcome = sqlx::query("insert into note (text) values ('x')").execute(store.db.readers()).await;
        assert!(outcome.is_err(), "{}", store.address);
    }
}

#[tokio::test]
async fn a_changed_or_newer_migration_is_refused() {
    for store in stores("migrations").await {
        store.db.close().await;
        let changed = [SCHEMA[0], Migration { name: "0001", sql: "create table other (id {id})" }];
        assert!(matches!(Db::open(&store.address, &changed).await, Err(DbError::MigrationChanged(_))));
        assert!(matches!(Db::open(&store.address, &SCHEMA[..1]).await, Err(DbError::Newer(_))));
        let again = Db::open(&store.address, SCHEMA).await.unwrap();
        assert_eq!(count(&again).await, 0);
        if again.dialect() == Dialect::Postgres {
            assert!(matches!(Db::open(&store.address, SCHEMA).await, Err(DbError::Locked)));
        }
    }
}

#[tokio::test]
async fn many_rows_go_in_at_once() {
    for store in stores("rows").await {
        let ids: Vec<i64> = store
            .db
            .writer()
            .run(|tx| {
                Box::pin(async move {
                    let rows: Vec<[Bind; 3]> = (0..12_000)
                        .map(|n| [format!("note {n}").into(), vec![1u8].into(), Bind::Int(None)])
                        .collect();
                    let rows =
                        insert_rows(tx, "insert into note (text, body, n)", rows, "returning id").await?;
                    rows.iter().map(|row| Ok::<i64, DbError>(row.try_get(0)?)).collect()
                })
            })
            .await
            .unwrap();
        assert_eq!(ids.len(), 12_000);
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(count(&store.db).await, 12_000);
    }
}
