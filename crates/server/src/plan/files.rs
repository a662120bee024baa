//! A plan as files: which there are, and what they say once they are read. What is wrong is told with file,
//! line and cause, so that whoever wrote it finds the place. Nothing here knows folders or databases.

use std::collections::BTreeMap;
use std::fmt;

use domain::Line;
use domain::plan::{Chapter, Plan, PlanProblem, Procedure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The file of each part that a plan has once.
pub const PARTS: [&str; 7] = [
    "plan.yaml",
    "roles.yaml",
    "channels.yaml",
    "severity.yaml",
    "notifications.yaml",
    "evidence.yaml",
    "review.yaml",
];
/// What a folder may hold beside the plan; kept as it is.
const README: &str = "README.md";
const MOST_FILES: usize = 200;
/// Of all files together, in bytes. A request of the API is larger by what JSON adds.
const MOST_TEXT: usize = 800_000;

/// The texts of a plan's files by their path within its folder, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Files(pub BTreeMap<String, String>);

/// What is wrong in one file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileProblem {
    #[schema(example = "roles.yaml")]
    pub file: String,
    #[schema(example = 12)]
    pub line: Option<u64>,
    pub message: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// Whether a file of this path can be part of a plan.
pub fn belongs(path: &str) -> bool {
    let within = |folder: &str, ending: &str| {
        path.strip_prefix(folder)
            .and_then(|rest| rest.strip_suffix(ending))
            .is_some_and(|name| !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.'))
    };
    PARTS.contains(&path) || path == README || within("procedures/", ".yaml") || within("prose/", ".md")
}

impl Files {
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The same with one file's text replaced.
    #[must_use]
    pub fn with(&self, path: &str, text: String) -> Files {
        let mut files = self.0.clone();
        files.insert(path.to_owned(), text);
        Files(files)
    }

    /// The plan that the files are.
    ///
    /// # Errors
    /// Everything that is wrong with them, in the order of the files.
    pub fn read(&self) -> Result<Plan, Vec<FileProblem>> {
        let mut reader = Reader { files: self, problems: Vec::new() };
        let plan = reader.plan();
        match plan {
            Some(plan) if reader.problems.is_empty() => {
                let problems: Vec<FileProblem> =
                    plan.check().iter().map(|problem| self.located(problem)).collect();
                if problems.is_empty() { Ok(plan) } else { Err(problems) }
            }
            _ => Err(reader.problems),
        }
    }

    /// What is wrong with one file by itself, whatever the others say.
    pub fn wrong_by_itself(&self, path: &str) -> Vec<FileProblem> {
        let mut reader = Reader { files: self, problems: Vec::new() };
        match path {
            "plan.yaml" => drop(reader.part::<domain::plan::PlanHead>(path)),
            "roles.yaml" => drop(reader.part::<Vec<domain::plan::PlanRole>>(path)),
            "channels.yaml" => drop(reader.part::<domain::plan::Channels>(path)),
            "severity.yaml" => drop(reader.part::<domain::plan::SeverityPlan>(path)),
            "notifications.yaml" => drop(reader.part::<Vec<domain::plan::NotificationRule>>(path)),
            "evidence.yaml" => drop(reader.part::<domain::plan::EvidencePlan>(path)),
            "review.yaml" => drop(reader.part::<domain::plan::ReviewPlan>(path)),
            other if other.starts_with("procedures/") => drop(reader.procedure(path)),
            _ => {}
        }
        reader.problems
    }

    /// A problem of the whole with the file and the line that it is about, as far as these can be told.
    pub fn located(&self, problem: &PlanProblem) -> FileProblem {
        let (part, rest) = problem.place.split_once(": ").unwrap_or((problem.place.as_str(), ""));
        let file = if part.starts_with("prose/") { format!("{part}.md") } else { format!("{part}.yaml") };
        let message =
            if rest.is_empty() { problem.message.clone() } else { format!("{rest}: {}", problem.message) };
        let Some(text) = self.get(&file) else {
            // About all procedures, not about one of them.
            return FileProblem { file: part.to_owned(), line: None, message };
        };
        FileProblem { line: line_of(text, rest, problem.word.as_deref()), file, message }
    }
}

/// The line of `word` within the part whose kind and name `part` is (`step isolate_host`), or where that begins.
fn line_of(text: &str, part: &str, word: Option<&str>) -> Option<u64> {
    let name = part.split([' ', ':']).rfind(|word| !word.is_empty());
    let begins = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches('{');
        name.is_some_and(|name| {
            ["id: ", "severity: ", "name: ", "act: "].iter().any(|key| {
                line.strip_prefix(key).is_some_and(|rest| {
                    rest.split([',', '}', ' ']).next() == Some(name) || rest.trim_end().ends_with(name)
                })
            }) || line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
        })
    };
    let start = text.lines().position(begins);
    let has = |line: &str| {
        let line = line.split(" #").next().unwrap_or_default();
        word.is_some_and(|word| line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|it| it == word))
    };
    let found = text.lines().enumerate().skip(start.unwrap_or(0)).find(|(_, line)| has(line));
    let place = found.map(|(place, _)| place).or(start)?;
    u64::try_from(place + 1).ok()
}

struct Reader<'a> {
    files: &'a Files,
    problems: Vec<FileProblem>,
}

impl Reader<'_> {
    fn report(&mut self, file: &str, line: Option<u64>, message: impl Into<String>) {
        self.problems.push(FileProblem { file: file.to_owned(), line, message: message.into() });
    }

    fn plan(&mut self) -> Option<Plan> {
        let files = self.files;
        if files.0.len() > MOST_FILES || files.0.values().map(String::len).sum::<usize>() > MOST_TEXT {
            let message =
                format!("a plan has at most {MOST_FILES} files and {} kB; shorten it", MOST_TEXT / 1000);
            self.report("plan.yaml", None, message);
            return None;
        }
        for path in files.0.keys().filter(|path| !belongs(path)) {
            self.report(path, None, "is no part of a plan; take it out of the folder");
        }
        let head = self.part("plan.yaml");
        let roles = self.part("roles.yaml");
        let channels = self.part("channels.yaml");
        let severity = self.part("severity.yaml");
        let notifications = self.part("notifications.yaml");
        let evidence = self.part("evidence.yaml");
        let review = self.part("review.yaml");
        let within = |folder: &'static str| files.0.keys().filter(move |path| path.starts_with(folder));
        let procedures: Vec<Option<Procedure>> =
            within("procedures/").map(|path| self.procedure(path)).collect();
        let chapters: Vec<Option<Chapter>> = within("prose/").map(|path| self.chapter(path)).collect();
        Some(Plan::from_parts(
            head?,
            roles?,
            channels?,
            severity?,
            notifications?,
            evidence?,
            review?,
            procedures.into_iter().collect::<Option<_>>()?,
            chapters.into_iter().collect::<Option<_>>()?,
        ))
    }

    fn part<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        let Some(text) = self.files.get(path) else {
            self.report(path, None, "is missing; every plan has it");
            return None;
        };
        match serde_saphyr::from_str(text) {
            Ok(part) => Some(part),
            Err(error) => {
                let line = error.location().map(|place| place.line()).filter(|line| *line > 0);
                self.report(path, line, error.without_snippet().to_string());
                None
            }
        }
    }

    fn procedure(&mut self, path: &str) -> Option<Procedure> {
        let procedure: Procedure = self.part(path)?;
        let expected = format!("procedures/{}.yaml", procedure.incident_type);
        if path != expected {
            let message =
                format!("is for the type {}; name the file {expected}", procedure.incident_type);
            self.report(path, None, message);
        }
        Some(procedure)
    }

    fn chapter(&mut self, path: &str) -> Option<Chapter> {
        let stem = path.trim_start_matches("prose/").trim_end_matches(".md");
        match Line::new("a chapter's file name", stem) {
            Ok(name) => {
                Some(Chapter { name, markdown: self.files.get(path).unwrap_or_default().to_owned() })
            }
            Err(error) => {
                self.report(path, None, error.to_string());
                None
            }
        }
    }
}

/// The problems as one text, a line each.
pub fn listed(problems: &[FileProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Files for a plan whose own were not kept. JSON is YAML too, so what is read from them is the plan again.
pub fn of_plan(plan: &Plan) -> serde_json::Result<Files> {
    let mut files = BTreeMap::new();
    let mut put = |path: String, value: serde_json::Value| -> serde_json::Result<()> {
        files.insert(path, format!("{}\n", serde_json::to_string_pretty(&value)?));
        Ok(())
    };
    put("plan.yaml".to_owned(), serde_json::to_value(&plan.head)?)?;
    put("roles.yaml".to_owned(), serde_json::to_value(&plan.roles)?)?;
    put("channels.yaml".to_owned(), serde_json::to_value(&plan.channels)?)?;
    put("severity.yaml".to_owned(), serde_json::to_value(&plan.severity)?)?;
    put("notifications.yaml".to_owned(), serde_json::to_value(&plan.notifications)?)?;
    put("evidence.yaml".to_owned(), serde_json::to_value(&plan.evidence)?)?;
    put("review.yaml".to_owned(), serde_json::to_value(&plan.review)?)?;
    for procedure in &plan.procedures {
        put(format!("procedures/{}.yaml", procedure.incident_type), serde_json::to_value(procedure)?)?;
    }
    for chapter in &plan.chapters {
        files.insert(format!("prose/{}.md", chapter.name), chapter.markdown.clone());
    }
    Ok(Files(files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::shipped;

    fn changed(path: &str, from: &str, to: &str) -> Files {
        let files = shipped::files().unwrap();
        let text = files.get(path).unwrap();
        assert!(text.contains(from), "{path} has no {from:?}");
        files.with(path, text.replacen(from, to, 1))
    }

    #[track_caller]
    fn told(files: &Files) -> Vec<String> {
        files.read().unwrap_err().iter().map(ToString::to_string).collect()
    }

    /// The number of the first line that holds this.
    fn line(files: &Files, path: &str, with: &str) -> usize {
        files.get(path).unwrap().lines().position(|line| line.contains(with)).unwrap() + 1
    }

    #[test]
    fn what_is_wrong_names_its_file_and_line() {
        let files = changed("roles.yaml", "alternates: [legal_counsel]", "alternates: [laywer]");
        let expected = format!(
            "roles.yaml:{}: executive_sponsor: names the role laywer, which roles.yaml does not have",
            line(&files, "roles.yaml", "laywer")
        );
        assert_eq!(told(&files), [expected]);

        let files = changed(
            "roles.yaml",
            "  alternates: [legal_counsel]\n",
            "  alternates: [legal_counsel]\n  reports_to: scribe\n",
        );
        let told_of = told(&files);
        assert!(told_of.iter().any(|one| one.starts_with(&format!(
            "roles.yaml:{}: executive_sponsor: reports to itself",
            line(&files, "roles.yaml", "reports_to: scribe")
        ))), "{told_of:?}");

        let files = changed("plan.yaml", "version: 1.0.0\n", "version: 1.0.0\ntime_zone: Europe/Atlantis\n");
        assert_eq!(
            told(&files),
            ["plan.yaml:4: time_zone: Europe/Atlantis is no time zone; write its IANA name, such as Europe/Paris"]
        );

        let dates = "version: 1.0.0\nvalid:\n  from: 2027-01-01\n  until: 2026-01-01\n";
        let files = changed("plan.yaml", "version: 1.0.0\n", dates);
        assert_eq!(
            told(&files),
            ["plan.yaml:6: valid: ends on 2026-01-01, before it begins on 2027-01-01; turn the days round"]
        );
    }

    #[test]
    fn broken_yaml_is_told_with_its_line() {
        let files = changed("review.yaml", "plan_every: 365d", "plan_every: [365d");
        let told = told(&files);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("review.yaml:"), "{told:?}");
        let line: usize = told[0].split(':').nth(1).unwrap().parse().unwrap();
        assert!((3..=6).contains(&line), "{told:?}");
        let files = changed("review.yaml", "plan_every: 365d", "plan_evry: 365d");
        let line = line_of_first(&files);
        assert_eq!(line, 3);
    }

    fn line_of_first(files: &Files) -> u64 {
        files.read().unwrap_err()[0].line.unwrap()
    }

    #[test]
    fn missing_and_foreign_files_are_told() {
        let mut files = shipped::files().unwrap();
        files.0.remove("channels.yaml");
        files.0.insert("../evil.yaml".to_owned(), "x".to_owned());
        assert_eq!(
            told(&files),
            [
                "../evil.yaml: is no part of a plan; take it out of the folder",
                "channels.yaml: is missing; every plan has it"
            ]
        );
        for path in ["prose/../../x.md", "prose/.md", "procedures/a/b.yaml", "/plan.yaml", "prose/.hidden.md"] {
            assert!(!belongs(path), "{path}");
        }
    }

    #[test]
    fn a_plan_without_files_gets_some_that_say_the_same() {
        let plan = shipped::files().unwrap().read().unwrap();
        assert_eq!(of_plan(&plan).unwrap().read().unwrap(), plan);
    }
}
