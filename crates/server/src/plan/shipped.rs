//! The plan that Watchbell ships, embedded from `content/plan`. What is wrong with a file of it is said
//! with its name, line and cause.

use domain::plan::Plan;
use rust_embed::RustEmbed;

use super::files::{Files, listed};
use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "../../content/plan"]
struct Embedded;

pub fn files() -> Result<Files> {
    let text = |name: &str| {
        let file = Embedded::get(name).ok_or_else(|| wrong(&format!("{name} is missing")))?;
        String::from_utf8(file.data.into_owned())
            .map_err(|error| wrong(&format!("{name}: is not UTF-8: {error}")))
    };
    let all: Result<_> = Embedded::iter().map(|name| Ok((name.to_string(), text(&name)?))).collect();
    Ok(Files(all?))
}

pub fn read() -> Result<(Files, Plan)> {
    let files = files()?;
    match files.read() {
        Ok(plan) => Ok((files, plan)),
        Err(problems) => Err(wrong(&listed(&problems))),
    }
}

fn wrong(message: &str) -> Error {
    Error::Damaged(format!("the shipped plan (content/plan) cannot be put in force:\n{message}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shipped_plan_holds_together() {
        let (_, plan) = super::read().unwrap();
        assert_eq!(plan.procedures.len(), domain::IncidentType::ALL.len());
        assert!(plan.chapters.len() >= 5);
    }

    #[test]
    fn a_problem_names_its_file_and_line() {
        let (files, mut plan) = super::read().unwrap();
        // The shipped restore waits for the order of return; turned round, both wait for each other.
        let ransomware =
            plan.procedures.iter_mut().find(|procedure| procedure.id.as_str() == "ransomware").unwrap();
        let order = ransomware.steps.iter_mut().find(|step| step.id.as_str() == "restore_order").unwrap();
        order.after = vec!["restore".parse().unwrap()];
        let told: Vec<String> = plan.check().iter().map(|problem| files.located(problem).to_string()).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        let text = files.get("procedures/ransomware.yaml").unwrap();
        let line = text.lines().position(|line| line.trim() == "- id: restore_order").unwrap() + 1;
        assert_eq!(
            told[0],
            format!(
                "procedures/ransomware.yaml:{line}: step restore_order: waits for itself: \
                 restore_order → restore → restore_order; take one of these away"
            )
        );
    }
}
