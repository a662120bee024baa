//! Starting the binary, and where things are.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a run printed and how it ended.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

pub fn watchbell(arguments: &[&str]) -> Ran {
    ran(command().args(arguments).output().unwrap())
}

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    // Run where the fixtures are, so that what is printed names no place of this machine.
    command.current_dir(fixtures()).stdin(Stdio::null());
    for variable in ["NO_COLOR", "COLUMNS", "WATCHBELL_KEY", "WATCHBELL_SERVER"] {
        command.env_remove(variable);
    }
    command
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A folder of the shared real data, where it is there.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = shared.join(folder);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} not there", path.display());
    None
}
