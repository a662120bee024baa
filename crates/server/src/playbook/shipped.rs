//! The procedures that come with Watchbell, as playbooks from `content/playbooks`. They are put into the library at
//! the start; a newer edition takes the place of an older one, unless somebody has changed it meanwhile.

use cacao::Document;
use domain::Actor;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::{Summary, put, store};
use crate::app::App;
use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "../../content/playbooks"]
#[include = "*.json"]
struct Files;

/// A playbook that ships.
struct Shipped {
    playbook: cacao::Playbook,
    text: String,
    sha256: String,
}

/// Puts into the library what is not in it. A file with an error stops the start.
pub async fn ensure(app: &App) -> Result<()> {
    let known = store::shipped(&app.db).await?;
    let mut new = Vec::new();
    for name in names() {
        let shipped = read(&name)?;
        if !known.contains(&shipped.sha256) {
            new.push(shipped);
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move {
            for Shipped { playbook, text, sha256 } in new {
                let before = store::by_cacao_id(change.tx, &playbook.id).await?;
                if let Some((id, version)) = before
                    && store::version_in(change.tx, id, version).await?.kept_by.is_some()
                {
                    continue;
                }
                let summary = Summary::of(&playbook, 0, 0, true);
                put(change, before, &playbook, summary, sha256, None, &text).await?;
            }
            Ok(())
        })
    })
    .await
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = Files::iter().map(|name| name.to_string()).collect();
    names.sort();
    names
}

fn read(name: &str) -> Result<Shipped> {
    let wrong = |message: String| {
        Error::Damaged(format!("the shipped playbook content/playbooks/{name} cannot be used: {message}"))
    };
    let file = Files::get(name).ok_or_else(|| wrong("it is missing".to_owned()))?;
    let text = String::from_utf8(file.data.into_owned()).map_err(|error| wrong(error.to_string()))?;
    let document = Document::read(&text).map_err(|fault| wrong(fault.to_string()))?;
    let playbook = document.playbook().map_err(wrong)?;
    let sha256 = hex::encode(Sha256::digest(&text));
    Ok(Shipped { playbook, text, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_kept_as_if_it_came_from_outside() {
        for name in names() {
            let shipped = read(&name).unwrap();
            let document = Document::read(&shipped.text).unwrap();
            let mut findings = super::super::execute::refusals(&shipped.playbook);
            findings.extend(cacao::check(&document));
            let worse: Vec<String> = findings
                .iter()
                .filter(|one| one.severity > cacao::Severity::Note)
                .map(ToString::to_string)
                .collect();
            assert!(worse.is_empty(), "{name}: {worse:?}");
        }
        assert!(names().len() >= 13);
    }
}
