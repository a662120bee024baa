//! Full-text search: the index that changes write into, in the same transaction, and queries of it. What a
//! document is about, and who may see it, is the caller's business. SQLite keeps the words in an FTS5 table,
//! PostgreSQL in a `tsvector`; see `db/search.rs`.

mod mark;
mod query;
mod words;

pub use mark::{Piece, marked};
pub use query::{Query, Term};
pub use words::{Indexed, indexed};

use crate::db::Migration;

pub use crate::db::search::{clear, put};

/// Numbers of one kind lie together in such a span, and in an index of their own: a word that stands in a million
/// alerts costs nothing where people are looked for.
pub const SPAN: i64 = 1 << 40;
/// How many spans have an index.
pub const SPANS: i64 = 15;

/// `{sqlite}` and `{postgres}` begin statements that the other database does not run.
pub const MIGRATION: Migration = Migration {
    name: "platform_search",
    sql: "{sqlite} create table search_document (
            id integer primary key,
            scope bigint,
            at bigint not null,
            leaf bigint not null,
            title text not null,
            body text not null
          );
          {sqlite} create virtual table search_text_1 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_2 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_3 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_4 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_5 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_6 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_7 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_8 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_9 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_10 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_11 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_12 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_13 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_14 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {sqlite} create virtual table search_text_15 using fts5 (
            title, body, marks, content = '', contentless_delete = 1, prefix = '3',
            tokenize = 'unicode61 remove_diacritics 0 tokenchars _'
          );
          {postgres} create table search_document (
            id bigint primary key,
            scope bigint,
            at bigint not null,
            leaf bigint not null,
            title text not null,
            body text not null,
            words tsvector not null
          ) partition by range (id);
          {postgres} create table search_document_1 partition of search_document
            for values from (1099511627776) to (2199023255552);
          {postgres} create table search_document_2 partition of search_document
            for values from (2199023255552) to (3298534883328);
          {postgres} create table search_document_3 partition of search_document
            for values from (3298534883328) to (4398046511104);
          {postgres} create table search_document_4 partition of search_document
            for values from (4398046511104) to (5497558138880);
          {postgres} create table search_document_5 partition of search_document
            for values from (5497558138880) to (6597069766656);
          {postgres} create table search_document_6 partition of search_document
            for values from (6597069766656) to (7696581394432);
          {postgres} create table search_document_7 partition of search_document
            for values from (7696581394432) to (8796093022208);
          {postgres} create table search_document_8 partition of search_document
            for values from (8796093022208) to (9895604649984);
          {postgres} create table search_document_9 partition of search_document
            for values from (9895604649984) to (10995116277760);
          {postgres} create table search_document_10 partition of search_document
            for values from (10995116277760) to (12094627905536);
          {postgres} create table search_document_11 partition of search_document
            for values from (12094627905536) to (13194139533312);
          {postgres} create table search_document_12 partition of search_document
            for values from (13194139533312) to (14293651161088);
          {postgres} create table search_document_13 partition of search_document
            for values from (14293651161088) to (15393162788864);
          {postgres} create table search_document_14 partition of search_document
            for values from (15393162788864) to (16492674416640);
          {postgres} create table search_document_15 partition of search_document
            for values from (16492674416640) to (17592186044416);
          {postgres} create table search_document_rest partition of search_document default;
          {postgres} create index search_document_words on search_document using gin (words);
          create table search_state (
            one bigint primary key check (one = 1),
            edition bigint not null,
            done_to bigint not null,
            whole bigint not null
          )",
};

/// How words are taken out of texts. A store whose index was made in another way is indexed anew.
pub const EDITION: i64 = 1;

/// How much of a text is kept to be searched and shown, in characters.
const LONGEST_TITLE: usize = 300;
const LONGEST_BODY: usize = 16_000;

/// A text that is found. A document with the same number replaces the one before, unless that is of a later leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is found by in the index; numbers of one kind lie together, the newest highest.
    pub id: i64,
    /// The incident whose need-to-know decides who may find it.
    pub scope: Option<i64>,
    /// Another document that goes where this one goes: it takes its scope over.
    pub along: Option<i64>,
    /// Microseconds since 1970.
    pub at: i64,
    /// The leaf of the ledger that it is read from.
    pub leaf: i64,
    /// A name that it is also found by, such as `INC-7`.
    pub name: String,
    pub title: String,
    pub body: String,
}

impl Document {
    /// With texts as a database takes them: not endless, and without NUL.
    pub(crate) fn tidied(mut self) -> Self {
        let cut = |text: &str, most: usize| {
            text.chars().take(most).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect::<String>()
        };
        self.title = cut(&self.title, LONGEST_TITLE);
        self.body = cut(&self.body, LONGEST_BODY);
        self
    }

    pub(crate) fn words(&self) -> (Indexed, Indexed) {
        let mut title = indexed(&self.title);
        let name = indexed(&self.name);
        title.words.extend(name.words);
        title.values.extend(name.values);
        (title, indexed(&self.body))
    }
}
