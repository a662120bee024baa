//! What can be wrong with a rule, and where. Every reason a rule is refused for is a variant of
//! [`SigmaError`]; a [`Refusal`] adds the file, the line and what is known of the rule.

use std::fmt;
use std::path::PathBuf;

/// Why a rule, or a file of rules, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigmaError {
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("is larger than {limit} bytes, the most a rule file may hold")]
    TooLarge { limit: u64 },
    #[error("is not UTF-8 text; save it as UTF-8")]
    NotText,
    #[error("is not valid YAML: {0}")]
    Yaml(String),
    #[error("is nested deeper than {0} levels")]
    TooDeep(usize),
    #[error("holds more than {0} YAML nodes once its aliases are resolved")]
    TooManyNodes(usize),
    #[error("the key `{0}` occurs twice in the same map")]
    DuplicateKey(String),
    #[error("a map key must be a plain text, not a list or a map")]
    ComplexKey,
    #[error("holds no rule")]
    Empty,
    #[error("a rule must be a map of keys, this is {0}")]
    NotARule(&'static str),
    #[error("a rule has `detection` or `correlation`, not both; make two documents of it")]
    TwoKinds,
    #[error(
        "the correlation type `{0}` is unknown; use event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_min, value_max, value_median or value_percentile"
    )]
    CorrelationType(String),
    #[error(
        "`{0}` is not a time span; write a number and s, m, h, d, w, M (months) or y, such as 90m, at the most 10y"
    )]
    Timespan(String),
    #[error("`{0}` is not something a correlation's condition can ask for; use gt, gte, lt, lte, eq or neq")]
    Comparison(String),
    #[error("`{key}` needs a number{range}, not `{found}`")]
    Threshold { key: String, range: &'static str, found: String },
    #[error("no loaded rule has the id or name `{0}`; load the rule that this correlation needs, too")]
    Dangling(String),
    #[error("`{name}` is the id or name of {count} loaded rules; a correlation must refer to one")]
    Ambiguous { name: String, count: usize },
    #[error("the rule `{0}` is named twice; name each rule once")]
    NamedTwice(String),
    #[error("the correlation needs itself by way of `{0}`; a chain must have a beginning")]
    Circular(String),
    #[error("`aliases` speaks of `{0}`, which is not among the `rules` of this correlation")]
    AliasOfStranger(String),
    #[error("rule collections with `action` ended with Sigma 1; write each rule as a whole document")]
    Collection,
    #[error("the taxonomy `{0}` is unknown; only the default taxonomy `sigma` is supported")]
    Taxonomy(String),
    #[error("the required key `{0}` is missing")]
    Missing(&'static str),
    #[error("`{key}` must be {wanted}, this is {found}")]
    WrongType { key: String, wanted: &'static str, found: &'static str },
    #[error("`{0}` must not be empty")]
    EmptyValue(String),
    #[error("the level `{0}` is unknown; use informational, low, medium, high or critical")]
    Level(String),
    #[error("`logsource` names neither category, product nor service")]
    LogSource,
    #[error("`timeframe` belongs to the aggregations that Sigma 2 replaced by correlation rules")]
    Timeframe,
    #[error("the modifier `{0}` is unknown")]
    UnknownModifier(String),
    #[error("the modifiers `{0}` and `{1}` cannot be combined")]
    ModifierConflict(String, String),
    #[error("the modifier `{modifier}` can only follow `{needs}`")]
    ModifierNeeds { modifier: String, needs: &'static str },
    #[error("the modifier `{modifier}` needs {wanted}, not `{found}`")]
    ModifierValue { modifier: String, wanted: &'static str, found: String },
    #[error("the modifier `{0}` needs a field name before it")]
    ModifierField(String),
    #[error("the value `{value}` expands to more than {limit} variants")]
    TooManyVariants { value: String, limit: usize },
    #[error("the value `{0}` holds a wildcard, which cannot be encoded; escape it with a backslash")]
    EncodedWildcard(String),
    #[error("the value `{0}` is not text any more once encoded; add `base64` or `base64offset`")]
    NotTextEncoded(String),
    #[error("the placeholder `%{0}%` has no value; give one when loading the rules")]
    Placeholder(String),
    #[error("the regular expression `{pattern}` is not usable: {reason}")]
    Regex { pattern: String, reason: String },
    #[error("`{0}` is not an IPv4 or IPv6 network such as 10.0.0.0/8")]
    Cidr(String),
    #[error("`{0}` is null, which a keyword search cannot look for")]
    NullKeyword(String),
    #[error("the condition is empty")]
    EmptyCondition,
    #[error("the condition `{condition}` cannot be understood: {reason}")]
    Condition { condition: String, reason: String },
}

/// An error with the line it was found on, counted from 1.
#[derive(Debug)]
pub(crate) struct Located {
    pub line: usize,
    pub error: SigmaError,
}

pub(crate) type Result<T> = std::result::Result<T, Located>;

impl SigmaError {
    pub(crate) fn at(self, line: usize) -> Located {
        Located { line, error: self }
    }
}

/// A rule, or a whole file, that could not be loaded.
#[derive(Debug)]
pub struct Refusal {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    pub title: Option<String>,
    pub id: Option<String>,
    pub reason: SigmaError,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file.display(), self.line)?;
        if let Some(title) = &self.title {
            write!(f, "\"{title}\": ")?;
        }
        write!(f, "{}", self.reason)
    }
}

/// Something odd in a rule that was loaded all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}
