//! The duties that Watchbell ships, embedded from `content/obligations` and read once. A file with an error
//! stops the start: nobody should find out during an incident.

use std::sync::LazyLock;

use domain::obligation::{Book, Source};
use rust_embed::RustEmbed;

use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "../../content/obligations"]
struct Files;

static BOOK: LazyLock<Result<Book, String>> = LazyLock::new(|| {
    let mut files: Vec<(String, String)> = Vec::new();
    for name in Files::iter() {
        let file = Files::get(&name).ok_or_else(|| format!("content/obligations/{name} is missing"))?;
        let text = String::from_utf8(file.data.into_owned())
            .map_err(|error| format!("content/obligations/{name}: is not UTF-8: {error}"))?;
        files.push((name.into_owned(), text));
    }
    files.sort();
    let sources: Vec<Source<'_>> = files.iter().map(|(name, text)| Source { name, text }).collect();
    Book::read(&sources).map_err(|refusals| {
        let list: Vec<String> = refusals.iter().map(|one| format!("content/obligations/{one}")).collect();
        list.join("\n")
    })
});

pub fn book() -> Result<&'static Book> {
    BOOK.as_ref()
        .map_err(|error| Error::Damaged(format!("the shipped duties to notify cannot be used: {error}")))
}
