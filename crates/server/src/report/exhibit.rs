//! Evidence that leaves the house: one item, or all of an incident, in a ZIP under a password (AES-256),
//! with the custody form in PDF, the records, and a manifest of digests. Names inside are our own; what a
//! file was called is text in the manifest. The password is told once and kept nowhere.

use std::fs::File;
use std::io::{Read, Seek, Write};

use domain::{Actor, EvidenceId, IncidentId, Permission};
use paper::Format;
use serde_json::json;
use zip::write::SimpleFileOptions;
use zip::{AesMode, ZipWriter};

use super::{custody_form, print};
use crate::app::App;
use crate::error::{Error, Result};
use crate::evidence::content::{self, Content};
use crate::evidence::{self, Evidence};
use crate::identity::need;

/// What a given password must have at least.
const SHORTEST: usize = 12;
const LONGEST: usize = 200;
/// Items in one export: each is an open file while it is packed.
const MOST: usize = 200;
/// Letters that nobody takes for another when they are read out.
const LETTERS: &[u8; 32] = b"023456789abcdefghjkmnpqrstuvwxyz";
/// From this size on, a ZIP needs its larger format.
const LARGE: u64 = 0xffff_0000;

/// An export, ready to be sent.
pub struct Export {
    /// `EVD-2.zip`
    pub name: String,
    pub file: File,
}

/// A password that nobody guesses, in five groups of five: 125 bits.
pub fn passphrase() -> Result<String> {
    let mut random = [0; 25];
    platform::secrets::random(&mut random)?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).map_or('0', |letter| char::from(*letter));
    let groups: Vec<String> = random.chunks(5).map(|group| group.iter().map(letter).collect()).collect();
    Ok(groups.join("-"))
}

/// One item.
pub async fn item(app: &App, actor: &Actor, id: EvidenceId, password: &str) -> Result<Export> {
    need(actor, Permission::ExportIncident, "taking evidence out")?;
    let item = evidence::get(app, actor, id).await?;
    if item.destroyed_at.is_some() {
        return Err(Error::Conflict(format!(
            "{id} was destroyed: its bytes cannot be had. Its record is in the bundle."
        )));
    }
    export(app, actor, id.to_string(), vec![item], password).await
}

/// Everything of an incident that has not been destroyed.
pub async fn incident(app: &App, actor: &Actor, id: IncidentId, password: &str) -> Result<Export> {
    need(actor, Permission::ExportIncident, "taking evidence out")?;
    let mut items = evidence::of_incident(app, actor, id).await?;
    items.retain(|item| item.destroyed_at.is_none());
    if items.is_empty() {
        return Err(Error::NotFound("evidence of this incident"));
    }
    if items.len() > MOST {
        return Err(Error::Conflict(format!(
            "{id} has {} items, and one export holds at most {MOST}: export them one by one.",
            items.len()
        )));
    }
    export(app, actor, format!("{id}-evidence"), items, password).await
}

async fn export(
    app: &App,
    actor: &Actor,
    name: String,
    items: Vec<Evidence>,
    password: &str,
) -> Result<Export> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) || password.contains(char::is_control) {
        return Err(Error::Invalid(format!(
            "The export's password has {SHORTEST} to {LONGEST} characters. Leave it out, and one is made."
        )));
    }
    let mut parts = Vec::with_capacity(items.len());
    for item in items {
        // What is not whole any more must not leave as if it were.
        if content::hashes(app, &item).await?.is_none() {
            return Err(Error::Conflict(format!(
                "The bytes of {} are not the ones that were acquired, or are gone: hash the item again, and restore it.",
                item.id
            )));
        }
        let bytes = content::of(app, &item).await?;
        let form = print(custody_form::draw(app, actor, &item).await?, Format::Pdf).await?;
        parts.push((item, bytes, form));
    }
    let items: Vec<&Evidence> = parts.iter().map(|(item, ..)| item).collect();
    let manifest = manifest(app, actor, &items)?;
    evidence::exported(app, actor, parts.iter().map(|(item, ..)| item.id).collect()).await?;
    let (folder, password) = (app.data.clone(), zeroize::Zeroizing::new(password.to_owned()));
    let packing = tokio::task::spawn_blocking(move || {
        let file = tempfile::tempfile_in(&*folder)?;
        pack(file, parts, &manifest, &password)
    });
    let file = packing.await.map_err(std::io::Error::other)??;
    Ok(Export { name: format!("{name}.zip"), file })
}

fn pack(
    file: File,
    parts: Vec<(Evidence, Content, Vec<u8>)>,
    manifest: &Manifest,
    password: &str,
) -> Result<File> {
    let mut zip = ZipWriter::new(file);
    let sealed = |large: bool| {
        SimpleFileOptions::default()
            .with_aes_encryption(AesMode::Aes256, password)
            .unix_permissions(0o600)
            .large_file(large)
    };
    for (path, text) in
        [("README.txt", README), ("manifest.json", &manifest.json), ("SHA256SUMS", &manifest.sums)]
    {
        zip.start_file(path, sealed(false)).map_err(packing)?;
        zip.write_all(text.as_bytes())?;
    }
    for (item, mut bytes, form) in parts {
        zip.start_file(format!("{}-custody.pdf", item.id), sealed(false)).map_err(packing)?;
        zip.write_all(&form)?;
        zip.start_file(path_of(&item), sealed(bytes.length() >= LARGE)).map_err(packing)?;
        copy(&mut bytes, &mut zip)?;
    }
    let mut file = zip.finish().map_err(packing)?;
    file.rewind()?;
    Ok(file)
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<u64> {
    let mut from = std::io::BufReader::with_capacity(1 << 17, from);
    std::io::copy(&mut from, to)
}

fn packing(error: zip::result::ZipError) -> Error {
    Error::Io(std::io::Error::other(error))
}

struct Manifest {
    json: String,
    /// As `sha256sum --check` reads it.
    sums: String,
}

fn manifest(app: &App, actor: &Actor, items: &[&Evidence]) -> Result<Manifest> {
    let listed: Vec<_> = items.iter().map(|item| json!({ "path": path_of(item), "record": item })).collect();
    let whole = json!({
        "format": "watchbell evidence export 1",
        "made_at": app.clock.now(),
        "made_by": actor.name(),
        "ledger": { "origin": app.key.verifying_key().origin(), "key": app.key.verifying_key().to_string() },
        "items": listed,
    });
    let sums = items.iter().map(|item| format!("{}  {}\n", item.sha256, path_of(item))).collect();
    Ok(Manifest { json: serde_json::to_string_pretty(&whole)?, sums })
}

/// Where an item stands in the ZIP.
fn path_of(item: &Evidence) -> String {
    format!("evidence/{}/{}", item.id, safe_name(&item.file_name(), &item.id.to_string()))
}

/// A name that unpacks to one harmless file on every system, whatever the file was called.
fn safe_name(name: &str, otherwise: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .take(100)
        .collect();
    let plain = plain.trim_matches(['.', '-']);
    let stem = plain.split('.').next().unwrap_or_default().to_ascii_uppercase();
    // Windows takes these for devices, with any ending.
    let device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|c: char| c.is_ascii_digit()));
    if plain.is_empty() || device { format!("{otherwise}.bin") } else { plain.to_owned() }
}

const README: &str = "\
Evidence, exported from Watchbell.

Every file here is encrypted with AES-256; 7-Zip, WinZip, Keka and most others open it with the
password, which came by another way. What is in evidence/ may be live malware: do not open it on a
machine that matters.

  manifest.json      each item with its digests, acquisition record and signed chain of custody
  SHA256SUMS         to check the files: sha256sum --check SHA256SUMS
  EVD-n-custody.pdf  the custody form; the hand-over is signed on it
  evidence/          the files; their own names stand in the manifest, for names can be hostile

That the records stand unchanged in the ledger is proven by the incident's bundle: watchbell verify.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_zip_is_one_harmless_file() {
        for (name, safe) in [
            ("memory.raw", "memory.raw"),
            ("größe v2.log", "gr__e_v2.log"),
            ("..", "EVD-1.bin"),
            ("", "EVD-1.bin"),
            ("con.txt", "EVD-1.bin"),
            ("LPT1", "EVD-1.bin"),
            ("a\u{202e}gpj.exe", "a_gpj.exe"),
            ("-rf", "rf"),
            ("C:x", "C_x"),
        ] {
            assert_eq!(safe_name(name, "EVD-1"), safe, "{name:?}");
        }
        assert!(safe_name(&"x".repeat(500), "EVD-1").len() <= 100);
    }

    #[test]
    fn a_password_can_be_read_out_and_is_never_the_same() {
        let (one, other) = (passphrase().unwrap(), passphrase().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 29);
        assert!(one.chars().all(|c| c == '-' || c.is_ascii_digit() || c.is_ascii_lowercase()));
        assert!(!one.contains(['1', 'l', 'i', 'o']));
    }
}
