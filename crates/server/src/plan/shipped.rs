//! The plan that Watchbell ships, embedded from `content/plan`. Reading it is where its files meet
//! the domain's types; what is wrong with one is said with its name, line and cause.

use domain::Line;
use domain::plan::{Chapter, Plan, PlanProblem, Procedure};
use rust_embed::RustEmbed;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "../../content/plan"]
struct Files;

pub fn read() -> Result<Plan> {
    let plan = Plan::from_parts(
        part("plan.yaml")?,
        part("roles.yaml")?,
        part("channels.yaml")?,
        part("severity.yaml")?,
        part("notifications.yaml")?,
        part("evidence.yaml")?,
        part("review.yaml")?,
        procedures()?,
        chapters()?,
    );
    let problems = plan.check();
    if problems.is_empty() {
        return Ok(plan);
    }
    let list: Vec<String> = problems.iter().map(located).collect();
    Err(wrong(&format!("content/plan does not hold together:\n{}", list.join("\n"))))
}

/// A problem with the file and the line that it is about, as far as these can be told from its place.
fn located(problem: &PlanProblem) -> String {
    let (file, rest) = problem.place.split_once(": ").unwrap_or((problem.place.as_str(), ""));
    let name = format!("{file}.yaml");
    let found = text(&name).ok().and_then(|text| line_of(&text, rest));
    match found {
        Some(line) => format!("content/plan/{name}:{line}: {rest}: {}", problem.message),
        None => format!("content/plan/{problem}"),
    }
}

/// The line on which the part begins whose kind and name these are: `step isolate_host`.
fn line_of(text: &str, part: &str) -> Option<usize> {
    let name = part.split([' ', ':']).rfind(|word| !word.is_empty())?;
    let begins = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches('{');
        ["id: ", "severity: "].iter().any(|key| {
            line.strip_prefix(key).is_some_and(|rest| rest.split([',', '}', ' ']).next() == Some(name))
        })
    };
    text.lines().position(begins).map(|place| place + 1)
}

fn procedures() -> Result<Vec<Procedure>> {
    names("procedures/", ".yaml")
        .iter()
        .map(|name| {
            let procedure: Procedure = part(name)?;
            let expected = format!("procedures/{}.yaml", procedure.incident_type);
            if *name == expected {
                Ok(procedure)
            } else {
                Err(wrong(&format!(
                    "content/plan/{name}: is for the type {}; name it {expected}",
                    procedure.incident_type
                )))
            }
        })
        .collect()
}

fn chapters() -> Result<Vec<Chapter>> {
    names("prose/", ".md")
        .iter()
        .map(|name| {
            let stem = name.trim_start_matches("prose/").trim_end_matches(".md");
            let title = Line::new("a chapter's file name", stem)?;
            Ok(Chapter { name: title, markdown: text(name)? })
        })
        .collect()
}

fn names(folder: &str, ending: &str) -> Vec<String> {
    Files::iter()
        .filter(|name| name.starts_with(folder) && name.ends_with(ending))
        .map(|name| name.to_string())
        .collect()
}

fn text(name: &str) -> Result<String> {
    let file = Files::get(name).ok_or_else(|| wrong(&format!("content/plan/{name} is missing")))?;
    String::from_utf8(file.data.into_owned())
        .map_err(|error| wrong(&format!("content/plan/{name}: is not UTF-8: {error}")))
}

fn part<T: DeserializeOwned>(name: &str) -> Result<T> {
    let text = text(name)?;
    // The parser's message names line and column.
    serde_saphyr::from_str(&text).map_err(|error| wrong(&format!("content/plan/{name}: {error}")))
}

fn wrong(message: &str) -> Error {
    Error::Damaged(format!("the shipped plan cannot be put in force: {message}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shipped_plan_holds_together() {
        let plan = super::read().unwrap();
        assert_eq!(plan.procedures.len(), domain::IncidentType::ALL.len());
        assert!(plan.chapters.len() >= 5);
    }

    #[test]
    fn a_problem_names_its_file_and_line() {
        let mut plan = super::read().unwrap();
        // The shipped restore waits for the order of return; turned round, both wait for each other.
        let ransomware =
            plan.procedures.iter_mut().find(|procedure| procedure.id.as_str() == "ransomware").unwrap();
        let order = ransomware.steps.iter_mut().find(|step| step.id.as_str() == "restore_order").unwrap();
        order.after = vec!["restore".parse().unwrap()];
        let told: Vec<String> = plan.check().iter().map(super::located).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        let text = super::text("procedures/ransomware.yaml").unwrap();
        let line = text.lines().position(|line| line.trim() == "- id: restore_order").unwrap() + 1;
        assert_eq!(
            told[0],
            format!(
                "content/plan/procedures/ransomware.yaml:{line}: step restore_order: waits for itself: \
                 restore_order → restore → restore_order; take one of these away"
            )
        );
    }

    #[test]
    fn a_wrong_file_is_told_with_its_line() {
        let wrong = "matrix: []\nlevels: nothing\n";
        let told = serde_saphyr::from_str::<domain::plan::SeverityPlan>(wrong).unwrap_err().to_string();
        assert!(told.contains("line 1") || told.contains("1:"), "{told}");
    }
}
