//! A plan as a folder of files, kept byte for byte: what git holds, what is exported and imported, and what a draft is
//! made of. Here its files meet the domain's types; what is wrong is said with file, line and cause.

use std::collections::BTreeMap;
use std::fmt;

use domain::Line;
use domain::plan::{Chapter, Plan, PlanProblem, Procedure};
use rust_embed::RustEmbed;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "../../content/plan"]
struct Shipped;

/// The files that every plan has.
pub const PARTS: [&str; 7] = [
    "plan.yaml",
    "roles.yaml",
    "channels.yaml",
    "severity.yaml",
    "notifications.yaml",
    "evidence.yaml",
    "review.yaml",
];
const MOST_FILES: usize = 200;
const LARGEST: usize = 1 << 20;
const LARGEST_ALL: usize = 4 << 20;

/// One thing that is wrong with a folder, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Fault {
    #[schema(example = "roles.yaml")]
    pub file: String,
    pub line: Option<u64>,
    /// What is wrong, as a sentence that says what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// All faults, a line each.
pub fn listed(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Paths under the plan's folder and what stands in each file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(BTreeMap<String, String>);

impl Folder {
    /// A folder of these files, if their names and sizes are those of a plan.
    pub fn new(files: BTreeMap<String, String>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fault = |file: &str, message: &str| {
            faults.push(Fault { file: file.to_owned(), line: None, message: message.to_owned() });
        };
        if files.len() > MOST_FILES {
            fault("the folder", "has more than 200 files; a plan has fewer");
        }
        if files.values().map(String::len).sum::<usize>() > LARGEST_ALL {
            fault("the folder", "is larger than 4 MB; a plan is text and smaller");
        }
        for (path, text) in &files {
            if !is_path(path) {
                fault(path, "is no name of a plan's file; use letters, digits, `.`, `_`, `-` and folders without `..`");
            } else if text.len() > LARGEST {
                fault(path, "is larger than 1 MB; split it");
            } else if text.contains('\0') {
                fault(path, "holds a zero byte, so it is no text; take the file out of the folder");
            }
        }
        if faults.is_empty() { Ok(Self(files)) } else { Err(faults) }
    }

    /// The plan that Watchbell ships.
    pub fn shipped() -> Result<Self> {
        let mut files = BTreeMap::new();
        for name in Shipped::iter() {
            let file = Shipped::get(&name).ok_or_else(|| wrong(&format!("{name} is missing")))?;
            let text = String::from_utf8(file.data.into_owned())
                .map_err(|error| wrong(&format!("{name}: is not UTF-8: {error}")))?;
            files.insert(name.to_string(), text);
        }
        Self::new(files).map_err(|faults| wrong(&listed(&faults)))
    }

    /// The files that say what this plan says, for a version whose own files were not kept.
    pub fn of_plan(plan: &Plan) -> Result<Self> {
        let mut files = BTreeMap::new();
        let mut put = |path: String, text: String| files.insert(path, text);
        put("plan.yaml".to_owned(), yaml(&plan.head)?);
        put("roles.yaml".to_owned(), yaml(&plan.roles)?);
        put("channels.yaml".to_owned(), yaml(&plan.channels)?);
        put("severity.yaml".to_owned(), yaml(&plan.severity)?);
        put("notifications.yaml".to_owned(), yaml(&plan.notifications)?);
        put("evidence.yaml".to_owned(), yaml(&plan.evidence)?);
        put("review.yaml".to_owned(), yaml(&plan.review)?);
        for procedure in &plan.procedures {
            put(format!("procedures/{}.yaml", procedure.incident_type), yaml(procedure)?);
        }
        for chapter in &plan.chapters {
            put(format!("prose/{}.md", chapter.name), chapter.markdown.clone());
        }
        Ok(Self(files))
    }

    pub const fn files(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The same folder with another text in one file; none takes the file out.
    pub fn with(&self, path: &str, text: Option<String>) -> Result<Self, Vec<Fault>> {
        let mut files = self.0.clone();
        match text {
            Some(text) => files.insert(path.to_owned(), text),
            None => files.remove(path),
        };
        Self::new(files)
    }

    /// The plan that the files spell. Faults are files that are missing or cannot be read; whether the parts hold
    /// together is asked by [`Folder::read`].
    pub fn parse(&self) -> Result<Plan, Vec<Fault>> {
        let mut faults = Vec::new();
        let head = self.part("plan.yaml", &mut faults);
        let roles = self.part("roles.yaml", &mut faults);
        let channels = self.part("channels.yaml", &mut faults);
        let severity = self.part("severity.yaml", &mut faults);
        let notifications = self.part("notifications.yaml", &mut faults);
        let evidence = self.part("evidence.yaml", &mut faults);
        let review = self.part("review.yaml", &mut faults);
        let procedures = self.procedures(&mut faults);
        let chapters = self.chapters(&mut faults);
        match (head, roles, channels, severity, notifications, evidence, review) {
            (
                Some(head),
                Some(roles),
                Some(channels),
                Some(severity),
                Some(notifications),
                Some(evidence),
                Some(review),
            ) if faults.is_empty() => Ok(Plan::from_parts(
                head, roles, channels, severity, notifications, evidence, review, procedures, chapters,
            )),
            _ => Err(faults),
        }
    }

    /// The plan, if it could be put in force.
    pub fn read(&self) -> Result<Plan, Vec<Fault>> {
        let plan = self.parse()?;
        let faults = self.faults(&plan);
        if faults.is_empty() { Ok(plan) } else { Err(faults) }
    }

    /// What keeps `plan`, which these files spell, from being put in force.
    pub fn faults(&self, plan: &Plan) -> Vec<Fault> {
        let mut faults: Vec<Fault> = plan.check().iter().map(|problem| self.located(problem)).collect();
        if let Some(zone) = &plan.head.time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            faults.push(Fault {
                file: "plan.yaml".to_owned(),
                line: self.line_with("plan.yaml", 0, "time_zone:"),
                message: format!("time_zone: {zone} is no time zone; write one such as Europe/Stockholm"),
            });
        }
        faults
    }

    fn part<T: DeserializeOwned>(&self, path: &str, faults: &mut Vec<Fault>) -> Option<T> {
        let Some(text) = self.text(path) else {
            let message = "is missing; every plan has it".to_owned();
            faults.push(Fault { file: path.to_owned(), line: None, message });
            return None;
        };
        match part(path, text) {
            Ok(part) => Some(part),
            Err(fault) => {
                faults.push(fault);
                None
            }
        }
    }

    fn procedures(&self, faults: &mut Vec<Fault>) -> Vec<Procedure> {
        let mut found = Vec::new();
        for path in self.named("procedures/", ".yaml") {
            let Some(procedure) = self.part::<Procedure>(path, faults) else { continue };
            let expected = format!("procedures/{}.yaml", procedure.incident_type);
            if path == expected {
                found.push(procedure);
            } else {
                faults.push(Fault {
                    file: path.to_owned(),
                    line: self.line_with(path, 0, "incident_type:"),
                    message: format!("is for the type {}; name it {expected}", procedure.incident_type),
                });
            }
        }
        found
    }

    fn chapters(&self, faults: &mut Vec<Fault>) -> Vec<Chapter> {
        let mut found = Vec::new();
        for path in self.named("prose/", ".md") {
            let stem = path.trim_start_matches("prose/").trim_end_matches(".md");
            match Line::new("a chapter's file name", stem) {
                Ok(name) => {
                    found.push(Chapter { name, markdown: self.text(path).unwrap_or_default().to_owned() });
                }
                Err(error) => {
                    faults.push(Fault { file: path.to_owned(), line: None, message: error.to_string() });
                }
            }
        }
        found
    }

    fn named<'a>(&'a self, folder: &'a str, ending: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.keys().map(String::as_str).filter(move |path| path.starts_with(folder) && path.ends_with(ending))
    }

    /// A problem with the file and the line that it is about, as far as these can be told from its place.
    fn located(&self, problem: &PlanProblem) -> Fault {
        let (stem, rest) = problem.place.split_once(": ").unwrap_or((problem.place.as_str(), ""));
        let ending = if stem.starts_with("prose/") { "md" } else { "yaml" };
        let file = format!("{stem}.{ending}");
        let begins = self.line_of(&file, rest);
        // The name that leads nowhere stands at or below the beginning of its part.
        let named = ["names the role ", "names the channel ", "starts the action ", "waits for "]
            .iter()
            .find_map(|lead| problem.message.strip_prefix(lead))
            .and_then(|rest| rest.split([' ', ',', ';']).next());
        let from = begins.unwrap_or(1).saturating_sub(1);
        let line = named.and_then(|name| self.line_with(&file, from, name)).or(begins);
        let message =
            if rest.is_empty() { problem.message.clone() } else { format!("{rest}: {}", problem.message) };
        Fault { file, line, message }
    }

    /// The line on which the part begins whose kind and name these are: `step isolate_host`.
    fn line_of(&self, path: &str, part: &str) -> Option<u64> {
        let text = self.text(path)?;
        let name = part.split([' ', ':']).rfind(|word| !word.is_empty())?;
        let begins = |line: &str| {
            let line = line.trim_start().trim_start_matches("- ").trim_start_matches('{');
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
                || ["id: ", "severity: "].iter().any(|key| {
                    line.strip_prefix(key).is_some_and(|rest| rest.split([',', '}', ' ']).next() == Some(name))
                })
        };
        (1..).zip(text.lines()).find(|(_, line)| begins(line)).map(|(number, _)| number)
    }

    /// The first line, after so many, that holds this word.
    fn line_with(&self, path: &str, after: u64, word: &str) -> Option<u64> {
        let holds = |line: &str| {
            line.split([' ', ',', '[', ']', '{', '}', '"', '\'']).any(|part| part == word)
        };
        (1..).zip(self.text(path)?.lines()).find(|(number, line)| *number > after && holds(line)).map(|(number, _)| number)
    }
}

/// One file's text as what it spells.
pub fn part<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Fault> {
    serde_saphyr::from_str(text).map_err(|error| Fault {
        file: path.to_owned(),
        line: error.location().map(|location| location.line()),
        message: error.without_snippet().to_string(),
    })
}

/// What a part looks like as a file.
pub fn yaml(part: &impl Serialize) -> Result<String> {
    serde_saphyr::to_string(part).map_err(|error| Error::Damaged(error.to_string()))
}

fn is_path(path: &str) -> bool {
    path.len() <= 200
        && path.split('/').all(|part| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-'))
        })
}

fn wrong(message: &str) -> Error {
    Error::Damaged(format!("the shipped plan cannot be put in force: {message}"))
}

#[cfg(test)]
mod tests {
    use super::{Folder, listed};

    fn changed(path: &str, from: &str, to: &str) -> Vec<String> {
        let shipped = Folder::shipped().unwrap();
        let text = shipped.text(path).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        let folder = shipped.with(path, Some(text.replacen(from, to, 1))).unwrap();
        folder.read().unwrap_err().iter().map(ToString::to_string).collect()
    }

    fn line(path: &str, of: &str) -> usize {
        let shipped = Folder::shipped().unwrap();
        shipped.text(path).unwrap().lines().position(|line| line.contains(of)).unwrap() + 1
    }

    #[test]
    fn the_shipped_plan_holds_together_and_survives_being_written_anew() {
        let plan = Folder::shipped().unwrap().read().map_err(|faults| listed(&faults)).unwrap();
        assert_eq!(plan.procedures.len(), domain::IncidentType::ALL.len());
        assert!(plan.chapters.len() >= 5);
        let again = Folder::of_plan(&plan).unwrap().read().map_err(|faults| listed(&faults)).unwrap();
        assert_eq!(again, plan);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_file_and_line() {
        let told = changed("roles.yaml", "alternates: [legal_counsel]", "alternates: [nobody_at_all]");
        let at = line("roles.yaml", "alternates: [legal_counsel]");
        assert_eq!(
            told,
            [format!(
                "roles.yaml:{at}: executive_sponsor: names the role nobody_at_all, which roles.yaml does not have"
            )]
        );
        let told = changed("roles.yaml", "reports_to: executive_sponsor", "reports_to: technical_lead");
        assert!(told[0].contains("roles.yaml:") && told[0].contains("reports to itself"), "{told:?}");
        let told = changed("roles.yaml", "title: Executive sponsor", "title: [Executive sponsor");
        assert!(told[0].starts_with("roles.yaml:") && !told[0].starts_with("roles.yaml: "), "{told:?}");
        let valid = "version: 1.0.0\nvalid: {from: 2026-05-01, until: 2026-04-01}";
        let told = changed("plan.yaml", "version: 1.0.0", valid);
        let at = line("plan.yaml", "version: 1.0.0") + 1;
        let ends = "valid: ends on 2026-04-01, before it starts on 2026-05-01; put the later day last";
        assert_eq!(told, [format!("plan.yaml:{at}: {ends}")]);
        let told = changed("plan.yaml", "version: 1.0.0", "version: 1.0.0\ntime_zone: Mars/Olympus");
        assert_eq!(
            told,
            [format!(
                "plan.yaml:{at}: time_zone: Mars/Olympus is no time zone; write one such as Europe/Stockholm"
            )]
        );
    }

    #[test]
    fn a_circle_of_steps_is_found() {
        let told = changed("procedures/ransomware.yaml", "- id: restore_order\n", "- id: restore_order\n    after: [restore]\n");
        assert!(told.iter().any(|fault| fault.contains("waits for itself")), "{told:?}");
    }

    #[test]
    fn names_that_lead_out_of_the_folder_are_refused() {
        let shipped = Folder::shipped().unwrap();
        for path in ["../x.yaml", "/etc/passwd", "a//b", "prose/ü.md", ".", ""] {
            assert!(shipped.with(path, Some("x".to_owned())).is_err(), "{path}");
        }
        assert!(shipped.with("README.md", Some("About this plan.\n".to_owned())).unwrap().read().is_ok());
    }
}
