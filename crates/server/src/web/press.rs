//! The press with the house's typefaces, loaded once; reports and notices are printed on it.

use std::sync::LazyLock;

use paper::{Document, Fonts, Format, Press};

use super::assets;
use crate::error::{Error, Result};

static PRESS: LazyLock<Result<Press, String>> = LazyLock::new(|| {
    let extra = assets::print_fonts().into_iter().map(|font| &*Vec::leak(font)).collect();
    Press::new(&Fonts { extra }).map_err(|error| error.to_string())
});

/// Typesetting takes a moment and a thread of its own.
pub async fn print(document: Document, format: Format) -> Result<Vec<u8>> {
    let printed = tokio::task::spawn_blocking(move || {
        let press = PRESS.as_ref().map_err(|error| Error::Print(error.clone()))?;
        press.render(&document, format).map_err(|error| Error::Print(error.to_string()))
    });
    printed.await.map_err(std::io::Error::other)?
}
