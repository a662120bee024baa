//! The demo's data folder. It is emptied for each demo, so it must never be one that holds anything
//! else: only a folder that a demo made itself, and marked, is ever emptied.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

const MARK: &str = ".watchbell-demo";
const MARK_SAYS: &str = "watchbell demo made this folder, and empties it when it starts again.\n";

#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held as long as the demo runs, so that a second one does not empty the folder under it.
    _lock: File,
}

impl Folder {
    /// Makes the folder, or empties the one of an earlier demo, which `fresh` allows beforehand.
    pub fn take(path: &Path, fresh: bool) -> anyhow::Result<Folder> {
        let shown = path.display();
        let mark = path.join(MARK);
        if let Ok(metadata) = fs::symlink_metadata(path) {
            if !metadata.is_dir() {
                bail!("{shown} is not a folder; name another with --data");
            }
            let ours = fs::symlink_metadata(&mark).is_ok_and(|mark| mark.is_file());
            if !ours && fs::read_dir(path)?.next().is_some() {
                bail!("{shown} was not made by a demo, so it is left alone; name another folder with --data");
            }
            if ours && !fresh {
                consent(path)?;
            }
        }
        fs::create_dir_all(path).with_context(|| format!("{shown} cannot be made"))?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&mark)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another demo is running in {shown}; stop it first"),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        empty(path).with_context(|| format!("{shown} cannot be emptied"))?;
        fs::write(&mark, MARK_SAYS)?;
        Ok(Folder { path: path.to_owned(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes all but the mark. A link is removed, never what it points to.
fn empty(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == MARK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn consent(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    if !io::stdin().is_terminal() {
        bail!("{shown} holds an earlier demo; start again from the beginning with --fresh");
    }
    let mut err = io::stderr().lock();
    write!(err, "{shown} holds an earlier demo. Empty it and start again? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    bail!("nothing was touched; to look at the earlier demo again: watchbell serve --data {shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_that_a_demo_made_is_emptied() {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join("demo");
        let first = Folder::take(&path, false).unwrap();
        fs::write(path.join("watchbell.db"), "x").unwrap();
        let second = Folder::take(&path, true).unwrap_err();
        assert!(second.to_string().contains("another demo is running"), "{second}");
        assert!(path.join("watchbell.db").exists());
        drop(first);
        let outside = around.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("precious"), "x").unwrap();
        std::os::unix::fs::symlink(&outside, path.join("link")).unwrap();
        drop(Folder::take(&path, true).unwrap());
        assert!(!path.join("watchbell.db").exists() && !path.join("link").exists());
        assert!(outside.join("precious").exists());

        for fresh in [false, true] {
            let error = Folder::take(&outside, fresh).unwrap_err();
            assert!(error.to_string().contains("left alone"), "{error}");
        }
        assert!(outside.join("precious").exists());
    }
}
