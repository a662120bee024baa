//! The rules in use.

use std::path::PathBuf;

use crate::error::Result;

pub fn load(_folders: &[PathBuf]) -> Result<sigma::Engine> {
    Ok(sigma::Engine::new(Vec::new()))
}
