//! Which files a command reads: those named, and all regular files in the folders named.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use telemetry::Mappings;

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    pub path: PathBuf,
    pub bytes: u64,
}

/// What a walk came upon.
#[derive(Debug, Default)]
pub struct Files {
    /// In the order of the paths as given, each folder sorted by name; each file once.
    pub files: Vec<LogFile>,
    /// Folders that could not be read, and why.
    pub unreadable: Vec<String>,
}

/// The shipped mappings and those of an operator: a folder `mappings` in a folder of rules, and the one that
/// is named, which comes first.
///
/// # Errors
/// When a file of them cannot be used; its line and the reason are told.
pub fn mappings(named: Option<&Path>, rules: &[PathBuf]) -> anyhow::Result<Arc<Mappings>> {
    let beside = rules.iter().map(|folder| folder.join("mappings")).filter(|folder| folder.is_dir());
    beside.chain(named.map(Path::to_owned)).try_fold(Mappings::shipped(), |all, folder| {
        all.and_folder(&folder).map_err(|error| anyhow!("a mapping cannot be used: {error}"))
    })
}

/// Walks the paths. Links to folders are not followed, so that the walk ends.
///
/// # Errors
/// When one of the paths itself is not there or cannot be read.
pub fn find(paths: &[PathBuf]) -> anyhow::Result<Files> {
    let mut found = Files::default();
    let mut seen = HashSet::new();
    for path in paths {
        let about = || format!("{} cannot be read; check the path", path.display());
        let metadata = std::fs::metadata(path).with_context(about)?;
        if metadata.is_dir() {
            std::fs::read_dir(path).with_context(about)?;
            walk(path, &mut found, &mut seen);
        } else if metadata.is_file() {
            add(path, metadata.len(), &mut found, &mut seen);
        } else {
            bail!("{} is neither a file nor a folder", path.display());
        }
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Files, seen: &mut HashSet<PathBuf>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return found.unreadable.push(format!("{}: {error}", folder.display())),
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => found.unreadable.push(format!("{}: {error}", folder.display())),
        }
    }
    paths.sort();
    for path in paths {
        let Ok(own) = std::fs::symlink_metadata(&path) else { continue };
        if own.is_dir() {
            walk(&path, found, seen);
        } else if let Ok(metadata) = std::fs::metadata(&path)
            && metadata.is_file()
        {
            add(&path, metadata.len(), found, seen);
        }
    }
}

fn add(path: &Path, bytes: u64, found: &mut Files, seen: &mut HashSet<PathBuf>) {
    // The same file by two names is read once.
    let own = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if seen.insert(own) {
        found.files.push(LogFile { path: path.to_owned(), bytes });
    }
}

/// Paths as a message names them.
pub fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
