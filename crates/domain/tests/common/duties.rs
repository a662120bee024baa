//! The duties that Watchbell ships, as the tests read them.

use std::path::Path;

use domain::obligation::{Book, Refusal, Source};

/// Name within the folder, text.
pub fn shipped() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/obligations");
    let mut files = Vec::new();
    for (under, prefix) in [(folder.clone(), ""), (folder.join("notices"), "notices/")] {
        for entry in std::fs::read_dir(under).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                files.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

pub fn read(files: &[(String, String)]) -> Result<Book, Vec<Refusal>> {
    let sources: Vec<Source<'_>> = files.iter().map(|(name, text)| Source { name, text }).collect();
    Book::read(&sources)
}

pub fn book() -> Book {
    read(&shipped()).unwrap_or_else(|refusals| {
        let list: Vec<String> = refusals.iter().map(ToString::to_string).collect();
        panic!("{}", list.join("\n"))
    })
}
