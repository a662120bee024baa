//! The templates at hand: those of `content/reports`, and those of the organisation's own folder, which take the
//! place of shipped ones with the same name. A template that cannot be used stops the start, with all causes.

use std::collections::BTreeSet;
use std::path::Path;

use domain::report::Template;
use rust_embed::RustEmbed;

use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "../../content/reports"]
struct Files;

/// The whole incident, to be signed: what is made where nothing else is asked for.
pub const USUAL: &str = "incident";
/// In which order the shipped ones are offered; what is not named comes behind, by its name.
const ORDER: [&str; 5] = [USUAL, "one-pager", "technical-annex", "evidence-inventory", "review"];

#[derive(Debug, Clone)]
pub struct Templates(Vec<Template>);

impl Templates {
    /// # Errors
    /// Every line of every file that cannot be used, with the cause.
    pub fn load(own: Option<&Path>) -> Result<Self> {
        let (mut all, mut refusals) = (Vec::new(), Vec::new());
        for name in Files::iter().filter(|name| name.ends_with(".yaml")) {
            let Some(file) = Files::get(&name) else { continue };
            let text = String::from_utf8_lossy(&file.data);
            keep(Template::read(&format!("content/reports/{name}"), &text), &mut all, &mut refusals);
        }
        if let Some(folder) = own {
            let mut of_the_house = Vec::new();
            for (name, text) in files(folder)? {
                keep(Template::read(&name, &text), &mut of_the_house, &mut refusals);
            }
            let mut ids = BTreeSet::new();
            for template in of_the_house {
                if !ids.insert(template.id.clone()) {
                    refusals.push(format!(
                        "two templates of the folder have the id {}; choose another",
                        template.id
                    ));
                }
                all.retain(|known| known.id != template.id);
                all.push(template);
            }
        }
        if !refusals.is_empty() {
            return Err(Error::Invalid(format!(
                "templates of reports cannot be used:\n{}",
                refusals.join("\n")
            )));
        }
        let place = |template: &Template| ORDER.iter().position(|id| *id == template.id.as_str());
        all.sort_by_key(|template| (place(template).unwrap_or(ORDER.len()), template.id.clone()));
        Ok(Self(all))
    }

    pub fn all(&self) -> &[Template] {
        &self.0
    }

    pub fn named(&self, id: Option<&str>) -> Result<&Template> {
        let id = id.unwrap_or(USUAL);
        self.0.iter().find(|template| template.id.as_str() == id).ok_or_else(|| {
            let known: Vec<&str> = self.0.iter().map(|template| template.id.as_str()).collect();
            Error::Invalid(format!("There is no report {id:?}; there are: {}.", known.join(", ")))
        })
    }
}

fn keep(
    read: std::result::Result<Template, Vec<domain::report::Refusal>>,
    all: &mut Vec<Template>,
    refusals: &mut Vec<String>,
) {
    match read {
        Ok(template) => all.push(template),
        Err(causes) => refusals.extend(causes.iter().map(ToString::to_string)),
    }
}

/// The YAML files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<(String, String)>> {
    let told = |path: &Path, error: std::io::Error| {
        Error::Invalid(format!("{} cannot be read: {error}; check the path", path.display()))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| told(folder, error))? {
        let path = entry.map_err(|error| told(folder, error))?.path();
        if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            let text = std::fs::read_to_string(&path).map_err(|error| told(&path, error))?;
            found.push((path.display().to_string(), text));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_templates_can_be_used() {
        let templates = Templates::load(None).unwrap();
        let names: Vec<&str> = templates.all().iter().map(|template| template.id.as_str()).collect();
        assert_eq!(names, ORDER);
        assert!(templates.named(Some("nothing")).unwrap_err().to_string().contains("one-pager"));
    }

    #[test]
    fn own_templates_take_the_place_of_shipped_ones_or_are_refused_with_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let own = "id: one-pager\ntitle: Ours\npurpose: For us.\nchapters: [{part: summary}]\n";
        std::fs::write(folder.path().join("ours.yaml"), own).unwrap();
        let templates = Templates::load(Some(folder.path())).unwrap();
        assert_eq!(templates.all().len(), ORDER.len());
        assert_eq!(&*templates.named(Some("one-pager")).unwrap().title, "Ours");
        std::fs::write(folder.path().join("bad.yaml"), own.replace("summary", "sumary")).unwrap();
        let told = Templates::load(Some(folder.path())).unwrap_err().to_string();
        assert!(told.contains("bad.yaml:4:"), "{told}");
    }
}
