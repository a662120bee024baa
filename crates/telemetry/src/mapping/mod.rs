//! Mappings: what the records of a product mean, as files that people read and change. A mapping says
//! how its records are recognised, which log source they are, and which of their fields have which of
//! Sigma's names. The files that Watchbell ships stand in `content/rules/mappings`; an operator's own are
//! tried before them, and one of the same name takes a shipped one's place. `docs/formats.md` describes
//! the language.

mod alert;
mod file;
mod given;
mod names;
mod shape;
mod shipped;
mod test;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

pub use alert::Reported;
use names::Names;
pub use shape::Mapping;
use test::{Test, bit};

use crate::Event;

/// The longest file of a mapping.
const MAX_FILE: u64 = 256 << 10;
/// How many mappings there may be.
const MOST: usize = 500;

/// A mapping that cannot be used, or something in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct MappingError {
    /// The file's path, or what the text is called.
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    pub reason: String,
}

/// A reason and the line that it is about.
#[derive(Debug)]
struct Located {
    line: u64,
    reason: String,
}

impl Located {
    /// The line, unless one is known.
    fn or_line(mut self, line: u64) -> Located {
        if self.line == 0 {
            self.line = line;
        }
        self
    }
}

fn located(line: u64, reason: impl fmt::Display) -> Located {
    Located { line, reason: reason.to_string() }
}

/// Who goes on with a record once a mapping has spoken.
#[derive(Debug)]
enum Hand {
    /// What is built in for Windows events: channel and event id to log source, and the names that
    /// depend on it.
    Windows,
    /// Another mapping, and the line that names it.
    Mapping(String, u64),
}

impl Hand {
    fn new(word: &str, line: u64) -> Hand {
        if word == "windows" { Hand::Windows } else { Hand::Mapping(word.to_owned(), line) }
    }
}

/// All mappings in use, in the order in which they are tried.
#[derive(Debug, Default)]
pub struct Mappings {
    all: Vec<Arc<Mapping>>,
    /// The tests of all, over one table of names: whose it is, what it cannot do without, and the test.
    tests: Vec<(usize, u128, Test)>,
    names: Names,
    /// The first is the only one that records are for; the others are there to be handed on to.
    one_source: bool,
}

impl Mappings {
    /// Those that Watchbell ships.
    pub fn shipped() -> Arc<Mappings> {
        static SHIPPED: LazyLock<Arc<Mappings>> = LazyLock::new(|| {
            // That each of them can be used is a test's business, so nothing is lost here.
            let all = shipped::FILES.iter().filter_map(|(name, text)| {
                Mapping::read(&format!("content/rules/mappings/{name}.yml"), text).ok().map(Arc::new)
            });
            Arc::new(Mappings::of(all.collect()).unwrap_or_default())
        });
        Arc::clone(&SHIPPED)
    }

    /// Those in the `.yml` and `.yaml` files of a folder, sorted by name, before the shipped ones.
    ///
    /// # Errors
    /// When the folder cannot be read, and for the first file that cannot be used: then none is.
    pub fn with_folder(folder: &Path) -> Result<Arc<Mappings>, MappingError> {
        Self::shipped().and_folder(folder)
    }

    /// As [`Mappings::with_folder`], before these instead of the shipped ones.
    pub fn and_folder(&self, folder: &Path) -> Result<Arc<Mappings>, MappingError> {
        let wrong =
            |path: &Path, reason: String| MappingError { file: path.display().to_string(), line: 1, reason };
        let entries = std::fs::read_dir(folder)
            .map_err(|error| wrong(folder, format!("the folder cannot be read: {error}")))?;
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| wrong(folder, error.to_string()))?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let kind = path.extension().map(|kind| kind.to_string_lossy().to_ascii_lowercase());
            if !hidden && matches!(kind.as_deref(), Some("yml" | "yaml")) && path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        let mut own: Vec<Arc<Mapping>> = Vec::new();
        for path in files {
            let text = read_text(&path).map_err(|reason| wrong(&path, reason))?;
            let mapping = Mapping::read(&path.display().to_string(), &text)?;
            if own.iter().any(|other| other.name == mapping.name) {
                let reason = format!("another file beside it is named {:?} too", mapping.name);
                return Err(wrong(&path, reason));
            }
            own.push(Arc::new(mapping));
        }
        // One that takes another's place stands where that stood.
        let mut all = self.all.clone();
        own.retain(|mapping| match all.iter_mut().find(|known| known.name == mapping.name) {
            Some(known) => {
                known.clone_from(mapping);
                false
            }
            None => true,
        });
        all.splice(0..0, own);
        if all.len() > MOST {
            return Err(wrong(folder, format!("there are more than {MOST} mappings")));
        }
        Mappings::of(all).map(Arc::new).map_err(|(mapping, wrong)| MappingError {
            file: folder.join(format!("{mapping}.yml")).display().to_string(),
            line: wrong.line,
            reason: wrong.reason,
        })
    }

    /// One mapping for all records of a source, with the others to hand on to. One that says nothing of how
    /// its records are recognised takes all; else what it does not recognise is refused.
    ///
    /// # Errors
    /// When it hands on to a mapping that is not there.
    pub fn for_source(&self, file: &str, mapping: Mapping) -> Result<Arc<Mappings>, MappingError> {
        let mut all = self.all.clone();
        all.retain(|one| one.name != mapping.name);
        all.insert(0, Arc::new(mapping));
        match Mappings::of(all) {
            Ok(all) => Ok(Arc::new(Mappings { one_source: true, ..all })),
            Err((_, Located { line, reason })) => Err(MappingError { file: file.to_owned(), line, reason }),
        }
    }

    /// The mapping of all records, if there is one.
    pub fn of_source(&self) -> Option<&Mapping> {
        if self.one_source { self.all.first().map(|mapping| &**mapping) } else { None }
    }

    fn of(all: Vec<Arc<Mapping>>) -> Result<Mappings, (String, Located)> {
        let mut names = Names::default();
        let mut tests = Vec::with_capacity(all.len());
        for (at, mapping) in all.iter().enumerate() {
            let own = mapping.tests(&mut names).map_err(|wrong| (mapping.name.clone(), wrong))?;
            tests.extend(own.into_iter().map(|test| (at, test.needs(), test)));
            if let Some((line, name)) =
                mapping.hands().find(|(_, name)| !all.iter().any(|one| one.name == *name))
            {
                return Err((mapping.name.clone(), no_such(line, name)));
            }
        }
        Ok(Mappings { all, tests, names, one_source: false })
    }

    /// All of them, in the order in which they are tried.
    pub fn all(&self) -> impl Iterator<Item = &Mapping> {
        self.all.iter().map(|mapping| &**mapping)
    }

    pub fn named(&self, name: &str) -> Option<&Mapping> {
        self.all().find(|mapping| mapping.name == name)
    }

    /// The mapping that an event is for.
    pub fn recognise(&self, event: &Event) -> Option<&Mapping> {
        if let Some(own) = self.of_source().filter(|own| own.recognise.is_empty()) {
            return Some(own);
        }
        let mut places = Vec::new();
        let mut there = 0;
        for (name, value) in event.named_fields() {
            if let Some(at) = self.names.find(name) {
                if places.is_empty() {
                    places.resize(self.names.len(), None);
                }
                if let Some(place) = places.get_mut(at) {
                    *place = Some(value);
                    there |= bit(at);
                }
            }
        }
        if places.is_empty() {
            return None;
        }
        let fits = |(at, needs, test): &&(usize, u128, Test)| {
            needs & there == *needs && (*at == 0 || !self.one_source) && test.passes(&places, &event.source)
        };
        let (at, ..) = self.tests.iter().find(fits)?;
        self.all.get(*at).map(|mapping| &**mapping)
    }

    /// Lets the mapping that the event is for say what it is; `false` if there is none.
    pub(crate) fn apply(&self, event: &mut Event) -> bool {
        let Some(mapping) = self.recognise(event) else { return false };
        shape::apply(mapping, self, event);
        true
    }

    /// Lets the mapping of this name say what the event is, whatever it looks like.
    pub(crate) fn apply_named(&self, name: &str, event: &mut Event) {
        if let Some(mapping) = self.named(name) {
            shape::apply(mapping, self, event);
        }
    }
}

impl Mapping {
    /// Reads one mapping. `file` is what errors call it; a mapping that says no name of its own has the
    /// file's.
    ///
    /// # Errors
    /// With the line and the reason, when it cannot be used.
    pub fn read(file: &str, text: &str) -> Result<Mapping, MappingError> {
        let wrong = |wrong: Located| MappingError {
            file: file.to_owned(),
            line: wrong.line.max(1),
            reason: wrong.reason,
        };
        if text.trim().is_empty() {
            return Err(wrong(located(1, "it is empty")));
        }
        let written: file::File = serde_saphyr::from_str(text).map_err(|error| {
            let line = error.location().map_or(1, |location| location.line());
            wrong(located(line, reason(&error.without_snippet().to_string())))
        })?;
        let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let (name, line) = match &written.name {
            Some(name) => (name.value.clone(), name.referenced.line()),
            None => (stem.unwrap_or_default(), 1),
        };
        let is_word = !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_word || name == "windows" {
            let told = format!(
                "the name {name:?} cannot be used: it is made of small letters, digits and hyphens, and \
                 `windows` is taken"
            );
            return Err(wrong(located(line, told)));
        }
        let mapping = Mapping::new(written, name).map_err(wrong)?;
        mapping.tests(&mut Names::default()).map_err(wrong)?;
        Ok(mapping)
    }

    fn tests(&self, names: &mut Names) -> Result<Vec<Test>, Located> {
        self.recognise
            .iter()
            .map(|written| {
                let line = written.referenced.line();
                let test = Test::new(&written.value, names).map_err(|reason| located(line, reason))?;
                if !test.needs_a_field() {
                    let told = "records are recognised by what they have; `has`, `is`, `begins`, `ends`, `contains` \
                                or `at-least` must be said";
                    return Err(located(line, told));
                }
                Ok(test)
            })
            .collect()
    }
}

fn no_such(line: u64, name: &str) -> Located {
    located(line, format!("`as` names the mapping {name:?}, which is not there"))
}

/// The parser's own words without the place, which stands in front.
fn reason(told: &str) -> String {
    let first = told.lines().next().unwrap_or(told);
    let cut = first.rfind(" at line ").and_then(|at| first.get(..at)).unwrap_or(first);
    cut.trim_start_matches("error: ").to_owned()
}

fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if u64::try_from(bytes.len()).is_ok_and(|size| size > MAX_FILE) {
        return Err(format!("it is longer than {} KiB", MAX_FILE >> 10));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
