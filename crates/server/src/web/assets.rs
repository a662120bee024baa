//! Style sheets, scripts, fonts and icons, built by `web/` and embedded in the binary.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::extract::Path;
use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Built;

pub async fn asset(Path(path): Path<String>) -> Result<Response, Error> {
    let file = Built::get(&path).ok_or(Error::NotFound("file"))?;
    let kind = match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    };
    // Pages name assets with the build's version, so a browser may keep them.
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, file.data.into_owned()).into_response())
}

/// The address of an asset, with the hash of its content so that a new build is never hidden by a cache.
pub fn url(path: &str) -> String {
    let version = Built::get(path).map(|file| {
        file.metadata.sha256_hash().iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    format!("/assets/{path}?v={}", version.unwrap_or_default())
}

/// The fonts for printed documents.
pub fn print_fonts() -> Vec<Vec<u8>> {
    let mut names: Vec<_> = Built::iter().filter(|name| name.ends_with(".ttf")).collect();
    names.sort();
    names.iter().filter_map(|name| Built::get(name)).map(|file| file.data.into_owned()).collect()
}
