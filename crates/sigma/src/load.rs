//! Rules from texts, files and folders. What can't be loaded is refused with its place and reason;
//! nothing is passed over in silence.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::correlation::{self, Correlation, Correlations};
use crate::detection::Placeholders;
use crate::error::{Located, Refusal, SigmaError, Warning};
use crate::filter::{self, Filter};
use crate::rule::{self, Rule};
use crate::yaml::{self, Node};

const MAX_FILE: u64 = 1 << 20;

/// What came of loading.
#[derive(Debug, Default)]
pub struct Loaded {
    /// In the order of the files, sorted by path, and of the documents in them.
    pub rules: Vec<Rule>,
    /// Those that [`Loaded::apply_filters`] has not made part of the rules yet.
    pub filters: Vec<Filter>,
    /// Those that [`Loaded::link`] has not joined with their rules yet.
    pub correlations: Vec<Correlation>,
    pub refused: Vec<Refusal>,
    pub warnings: Vec<Warning>,
    /// How many rule files were read or tried.
    pub files: usize,
}

impl Loaded {
    /// Adds what another load brought. Rules that share an id are all kept, with a warning: which of
    /// them is meant is for people to say, and a detection too many is safer than one too few.
    pub fn merge(&mut self, other: Loaded) {
        self.rules.extend(other.rules);
        self.filters.extend(other.filters);
        self.correlations.extend(other.correlations);
        self.refused.extend(other.refused);
        self.warnings.extend(other.warnings);
        self.files += other.files;
        self.warn_of_duplicates();
    }

    /// Makes the filters part of the rules they are about. To be called once everything is loaded,
    /// since a filter may stand in another folder than its rules.
    pub fn apply_filters(&mut self) {
        for filter in std::mem::take(&mut self.filters) {
            filter.apply(&mut self.rules, &mut self.warnings);
        }
    }

    /// Joins the correlations with the rules they refer to, and refuses those that cannot be. To be
    /// called once everything is loaded; what comes back speaks of rules by their place in `rules`.
    pub fn link(&mut self) -> Correlations {
        correlation::link(
            std::mem::take(&mut self.correlations),
            &self.rules,
            &mut self.refused,
            &mut self.warnings,
        )
    }

    fn warn_of_duplicates(&mut self) {
        let mut first: HashMap<String, (PathBuf, usize)> = HashMap::new();
        for rule in &self.rules {
            let Some(id) = &rule.id else { continue };
            let id = id.to_ascii_lowercase();
            if let Some((file, line)) = first.get(&id) {
                let message = format!("the rule's id {id} is also that of {}:{line}", file.display());
                let warning = Warning { file: rule.file.clone(), line: rule.line, message };
                if !self.warnings.contains(&warning) {
                    self.warnings.push(warning);
                }
            } else {
                first.insert(id, (rule.file.clone(), rule.line));
            }
        }
    }
}

/// Loads rules, with values for their placeholders.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    placeholders: Placeholders,
}

impl RuleSet {
    pub fn new() -> RuleSet {
        RuleSet::default()
    }

    /// What `%name%` stands for in values with the modifier `expand`. Values may hold wildcards.
    pub fn with_placeholders(placeholders: Placeholders) -> RuleSet {
        RuleSet { placeholders }
    }

    /// Loads every `.yml` and `.yaml` file under the folder, or the one file that the path names.
    /// Hidden files and folders are left out, as is a folder `mappings`, and links to folders are not followed.
    ///
    /// # Errors
    /// When the path itself cannot be read; what lies under it is refused piece by piece.
    pub fn load_dir(&self, path: impl AsRef<Path>) -> Result<Loaded, SigmaError> {
        let path = path.as_ref();
        let mut loaded = Loaded::default();
        if std::fs::metadata(path)?.is_dir() {
            std::fs::read_dir(path)?;
            let mut files = Vec::new();
            collect(path, &mut files, &mut loaded.refused);
            files.sort();
            for file in files {
                self.file(&file, &mut loaded);
            }
        } else {
            self.file(path, &mut loaded);
        }
        loaded.warn_of_duplicates();
        Ok(loaded)
    }

    /// Loads the rules in a text; `name` stands for the file in what is reported.
    pub fn load_str(&self, name: impl AsRef<Path>, text: &str) -> Loaded {
        let mut loaded = Loaded { files: 1, ..Loaded::default() };
        self.text(name.as_ref(), text, &mut loaded);
        loaded.warn_of_duplicates();
        loaded
    }

    fn file(&self, path: &Path, loaded: &mut Loaded) {
        loaded.files += 1;
        match read_text(path) {
            Ok(text) => self.text(path, &text, loaded),
            Err(reason) => loaded.refused.push(whole_file(path, reason)),
        }
    }

    fn text(&self, file: &Path, text: &str, loaded: &mut Loaded) {
        let (documents, failure) = yaml::documents(text);
        if documents.is_empty() && failure.is_none() {
            loaded.refused.push(whole_file(file, SigmaError::Empty));
        }
        for document in &documents {
            match read_document(document, file, &self.placeholders) {
                Ok((one, oddities)) => {
                    match one {
                        Document::Filter(filter) => loaded.filters.push(*filter),
                        Document::Rule(rule) => loaded.rules.push(*rule),
                        Document::Correlation(correlation) => loaded.correlations.push(*correlation),
                    }
                    loaded.warnings.extend(oddities.into_iter().map(|(line, message)| Warning {
                        file: file.to_owned(),
                        line,
                        message,
                    }));
                }
                Err(Located { line, error }) => {
                    let known = |key| document.get(key).and_then(Node::text).map(str::to_owned);
                    loaded.refused.push(Refusal {
                        file: file.to_owned(),
                        line,
                        title: known("title"),
                        id: known("id"),
                        reason: error,
                    });
                }
            }
        }
        if let Some(Located { line, error }) = failure {
            loaded.refused.push(Refusal {
                file: file.to_owned(),
                line,
                title: written_before(text, line, "title:"),
                id: written_before(text, line, "id:"),
                reason: error,
            });
        }
    }
}

enum Document {
    Rule(Box<Rule>),
    Filter(Box<Filter>),
    Correlation(Box<Correlation>),
}

/// What is odd about a document, by line.
type Oddities = Vec<(usize, String)>;

fn read_document(
    node: &Node,
    file: &Path,
    placeholders: &Placeholders,
) -> Result<(Document, Oddities), Located> {
    if node.get("detection").is_none() && node.get("filter").is_some() {
        let filter = filter::read(node, file.to_owned(), placeholders)?;
        return Ok((Document::Filter(Box::new(filter)), Vec::new()));
    }
    if node.get("detection").is_none() && node.get("correlation").is_some() {
        let (correlation, oddities) = correlation::read(node, file.to_owned())?;
        return Ok((Document::Correlation(Box::new(correlation)), oddities));
    }
    let rule::Reading { rule, oddities } = rule::read(node, file.to_owned(), placeholders)?;
    Ok((Document::Rule(Box::new(rule)), oddities))
}

fn whole_file(path: &Path, reason: SigmaError) -> Refusal {
    Refusal { file: path.to_owned(), line: 1, title: None, id: None, reason }
}

/// The last value of a top-level key before the line where the YAML broke off, in its document.
fn written_before(text: &str, line: usize, key: &str) -> Option<String> {
    let mut found = None;
    for written in text.lines().take(line) {
        if written.starts_with("---") {
            found = None;
        } else if let Some(value) = written.strip_prefix(key) {
            found = Some(value.trim().trim_matches(['\'', '"']).to_owned());
        }
    }
    found.filter(|value| !value.is_empty())
}

fn read_text(path: &Path) -> Result<String, SigmaError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|size| size > MAX_FILE) {
        return Err(SigmaError::TooLarge { limit: MAX_FILE });
    }
    String::from_utf8(bytes).map_err(|_| SigmaError::NotText)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>, refused: &mut Vec<Refusal>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return refused.push(whole_file(folder, error.into())),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                refused.push(whole_file(folder, error.into()));
                continue;
            }
        };
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        match entry.file_type() {
            // Mappings stand beside the rules and are no rules.
            Ok(kind) if kind.is_dir() && entry.file_name() == "mappings" => {}
            Ok(kind) if kind.is_dir() => collect(&path, files, refused),
            Ok(_) if is_rule_file(&path) => files.push(path),
            Ok(_) => {}
            Err(error) => refused.push(whole_file(&path, error.into())),
        }
    }
}

fn is_rule_file(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    matches!(extension.as_deref(), Some("yml" | "yaml"))
}
