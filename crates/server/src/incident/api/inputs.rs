//! What clients send about incidents. Unknown fields are refused. Forms send the same, with blank text
//! where something is left out.

use domain::asset::{AssetState, Compromise, Containment};
use domain::attack::TechniqueId;
use domain::incident::Outcome;
use domain::observable::Standing;
use domain::plan::RoleKey;
use domain::response::ActKind;
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::timeline::{EntryKind, Lane};
use domain::{
    AlertId, AssetId, IncidentType, Observable, ObservableKind, Phase, Severity, SeverityFacts, StatusId,
    Tlp, UserId,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::command::{CloseWith, Edit};
use super::super::findings::Word;
use super::super::read::EntryFilter;
use super::super::seen::Sought;
use super::super::{Declaration, Filter};
use crate::error::{Error, Result};
use crate::web::paging::PageQuery;

/// Which incidents to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `open` or `closed`.
    pub state: Option<String>,
    #[param(example = "containment")]
    pub phase: Option<String>,
    #[param(example = "high")]
    pub severity: Option<String>,
    /// The type of incident.
    #[param(example = "ransomware")]
    pub r#type: Option<String>,
    /// A status of the organisation's own.
    #[param(example = "STS-1")]
    pub status: Option<String>,
    /// Part of the title, the summary or a field of the organisation's own, or the number.
    pub q: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u16>,
}

impl ListQuery {
    pub fn split(self) -> Result<(Filter, PageQuery)> {
        let open = match self.state.as_deref() {
            None | Some("") => None,
            Some("open") => Some(true),
            Some("closed") => Some(false),
            Some(_) => return Err(Error::Invalid("`state` is open or closed.".to_owned())),
        };
        let filter = Filter {
            phase: word::<Phase>(self.phase.as_deref())?,
            severity: word::<Severity>(self.severity.as_deref())?,
            incident_type: word::<IncidentType>(self.r#type.as_deref())?,
            status: word::<StatusId>(self.status.as_deref())?,
            open,
            text: self.q,
        };
        Ok((filter, PageQuery { cursor: self.cursor, limit: self.limit }))
    }
}

/// A word of a vocabulary in a query or form, where blank is none.
pub fn word<T: std::str::FromStr<Err = domain::Error>>(text: Option<&str>) -> Result<Option<T>> {
    Ok(text.map(str::trim).filter(|text| !text.is_empty()).map(str::parse).transpose()?)
}

/// What is said to declare an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclarationInput {
    #[schema(example = "Ransomware on the file servers")]
    pub title: String,
    /// Picks the plan's procedure.
    #[schema(value_type = String, example = "ransomware")]
    pub r#type: IncidentType,
    #[schema(value_type = String, example = "medium")]
    pub functional: FunctionalImpact,
    #[schema(value_type = String, example = "suspected")]
    pub information: InformationImpact,
    #[schema(value_type = String, example = "regular")]
    pub recoverability: Recoverability,
    /// The plan's proposal if left out.
    #[schema(value_type = Option<String>, example = "high")]
    pub severity: Option<Severity>,
    /// Needed where the severity is not the proposed one.
    pub severity_reason: Option<String>,
    /// `amber` if left out.
    #[schema(value_type = Option<String>, example = "amber")]
    pub tlp: Option<Tlp>,
    /// Whoever declares if left out.
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub commander: Option<UserId>,
    /// Need-to-know: only members see that it exists.
    #[serde(default)]
    pub restricted: bool,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub members: Vec<UserId>,
    pub summary: Option<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["ALR-1"]))]
    pub alerts: Vec<AlertId>,
}

impl From<DeclarationInput> for Declaration {
    fn from(input: DeclarationInput) -> Self {
        Declaration {
            title: input.title,
            incident_type: input.r#type,
            facts: SeverityFacts {
                functional: input.functional,
                information: input.information,
                recoverability: input.recoverability,
            },
            severity: input.severity,
            severity_reason: input.severity_reason,
            tlp: input.tlp,
            commander: input.commander,
            restricted: input.restricted,
            members: input.members,
            summary: input.summary,
            alerts: input.alerts,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditInput {
    pub title: Option<String>,
    /// Blank takes it away.
    pub summary: Option<String>,
    #[schema(value_type = Option<String>, example = "red")]
    pub tlp: Option<Tlp>,
    /// The `edition` that was read; a newer one is not overwritten.
    #[schema(example = "9f86d081884c7d65")]
    pub edition: Option<String>,
}

impl From<EditInput> for Edit {
    fn from(input: EditInput) -> Self {
        Edit { title: input.title, summary: input.summary, tlp: input.tlp, edition: input.edition }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseInput {
    #[schema(value_type = String, example = "assessment")]
    pub phase: Phase,
    /// Needed to skip a phase or to go back.
    pub reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseInput {
    #[schema(value_type = String, example = "resolved")]
    pub outcome: Outcome,
    pub root_cause: String,
    pub lessons: String,
    /// What it cost: services, data, money, trust.
    pub impact: Option<String>,
    pub recommendations: Option<String>,
    /// Close it although children of it are open.
    #[serde(default)]
    pub leave_children: bool,
}

impl From<CloseInput> for CloseWith {
    fn from(input: CloseInput) -> Self {
        CloseWith {
            outcome: input.outcome,
            root_cause: input.root_cause,
            lessons: input.lessons,
            impact: input.impact,
            recommendations: input.recommendations,
            leave_children: input.leave_children,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenInput {
    /// The phase in which work goes on.
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
    pub reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityInput {
    #[schema(value_type = String, example = "critical")]
    pub severity: Severity,
    pub reason: String,
    /// The facts as they now are: all three or none.
    #[schema(value_type = Option<String>, example = "high")]
    pub functional: Option<FunctionalImpact>,
    #[schema(value_type = Option<String>, example = "integrity")]
    pub information: Option<InformationImpact>,
    #[schema(value_type = Option<String>, example = "extended")]
    pub recoverability: Option<Recoverability>,
}

impl SeverityInput {
    pub fn facts(&self) -> Result<Option<SeverityFacts>> {
        match (self.functional, self.information, self.recoverability) {
            (Some(functional), Some(information), Some(recoverability)) => {
                Ok(Some(SeverityFacts { functional, information, recoverability }))
            }
            (None, None, None) => Ok(None),
            _ => Err(Error::Invalid("Give all three facts or none of them.".to_owned())),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypeInput {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "malware")]
    pub incident_type: IncidentType,
    pub reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommanderInput {
    #[schema(value_type = String, example = "USR-2")]
    pub commander: UserId,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestrictInput {
    pub restricted: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberInput {
    #[schema(value_type = String, example = "USR-3")]
    pub member: UserId,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertsInput {
    #[schema(value_type = Vec<String>, example = json!(["ALR-2"]))]
    pub alerts: Vec<AlertId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskInput {
    pub title: String,
    pub instructions: Option<String>,
    /// The present one if left out.
    #[schema(value_type = Option<String>, example = "containment")]
    pub phase: Option<Phase>,
    /// A role of the plan.
    #[schema(value_type = Option<String>, example = "technical_lead")]
    pub role: Option<RoleKey>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub owner: Option<UserId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipInput {
    pub reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerInput {
    /// Null: nobody in particular.
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub owner: Option<UserId>,
}

/// Which lines of the timeline to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// `adversary` or `response`.
    pub lane: Option<String>,
    #[param(example = "decision")]
    pub kind: Option<String>,
    /// An ATT&CK technique; with it come its sub-techniques.
    #[param(example = "T1059")]
    pub technique: Option<String>,
    /// Who wrote it.
    #[param(example = "USR-3")]
    pub by: Option<String>,
    /// Part of the text.
    pub q: Option<String>,
    /// What happened at this time or after it.
    #[param(example = "2026-11-24T02:00:00Z")]
    pub from: Option<String>,
    /// What happened at this time or before it.
    #[param(example = "2026-11-24T03:00:00Z")]
    pub to: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u16>,
}

impl EntriesQuery {
    pub fn split(self) -> Result<(EntryFilter, PageQuery)> {
        let some = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let filter = EntryFilter {
            lane: word::<Lane>(self.lane.as_deref())?,
            kind: word::<EntryKind>(self.kind.as_deref())?,
            technique: word::<TechniqueId>(self.technique.as_deref())?,
            by: word::<UserId>(self.by.as_deref())?,
            text: some(self.q),
            from: moment(self.from.as_deref().unwrap_or_default())?,
            to: moment(self.to.as_deref().unwrap_or_default())?,
        };
        Ok((filter, PageQuery { cursor: self.cursor, limit: self.limit }))
    }
}

/// In which form the timeline is taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimelineFormat {
    #[default]
    Csv,
    Json,
    /// The figure with its two lanes.
    Svg,
}

/// Which lines of the timeline to take out, and in which form.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    #[param(value_type = String, example = "csv")]
    pub format: TimelineFormat,
    /// `adversary` or `response`.
    pub lane: Option<String>,
    #[param(example = "decision")]
    pub kind: Option<String>,
    #[param(example = "T1059")]
    pub technique: Option<String>,
    #[param(example = "USR-3")]
    pub by: Option<String>,
    pub q: Option<String>,
    #[param(example = "2026-11-24T02:00:00Z")]
    pub from: Option<String>,
    #[param(example = "2026-11-24T03:00:00Z")]
    pub to: Option<String>,
}

impl ExportQuery {
    pub fn filter(self) -> Result<EntryFilter> {
        let ExportQuery { format: _, lane, kind, technique, by, q, from, to } = self;
        let query = EntriesQuery { lane, kind, technique, by, q, from, to, cursor: None, limit: None };
        Ok(query.split()?.0)
    }
}

/// A time as a browser's field gives it (`2026-11-24T03:04`), in UTC, or as RFC 3339. Blank is none.
pub fn moment(text: &str) -> Result<Option<Timestamp>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let at = text.parse::<DateTime>().ok().and_then(|at| Offset::UTC.to_timestamp(at).ok());
    at.map(Some).ok_or_else(|| Error::Invalid("Write the time like 2026-11-24T03:04, in UTC.".to_owned()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryInput {
    /// `note`, `action`, `decision`, `communication`, `situation_report` (it settles the update that is owed),
    /// or `event` for what a witness saw.
    #[schema(value_type = String, example = "note")]
    pub kind: EntryKind,
    /// When it happened; now if left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    pub text: String,
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["T1486"]))]
    pub techniques: Vec<TechniqueId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionInput {
    pub text: String,
    /// As in the corrected entry if left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TechniquesInput {
    #[schema(value_type = Vec<String>, example = json!(["T1059.001"]))]
    pub techniques: Vec<TechniqueId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionInput {
    pub decision: String,
    pub reason: String,
    /// The act that it is about. Where the plan puts it under approval, the decision is refused until that is given.
    #[schema(value_type = Option<String>, example = "public_statement")]
    pub act: Option<ActKind>,
    /// Who decided; the caller if left out.
    pub maker: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservablesInput {
    /// 1 to 300 of them.
    pub items: Vec<ObservableInput>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservableInput {
    pub value: String,
    /// Told from the value if left out.
    #[schema(value_type = Option<String>, example = "domain")]
    pub kind: Option<ObservableKind>,
    /// `unknown` if left out.
    #[schema(value_type = Option<String>, example = "indicator")]
    pub standing: Option<Standing>,
    pub note: Option<String>,
    /// How far it may be passed on; as its incident if left out.
    #[schema(value_type = Option<String>, example = "green")]
    pub tlp: Option<Tlp>,
    #[serde(default)]
    #[schema(example = json!(["c2"]))]
    pub tags: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasteInput {
    /// Any text: a mail, a report, a column of a sheet. Values written harmlessly (hxxp, [.]) are read.
    #[schema(example = "hxxps://evil[.]example[.]org and 203.0.113.9")]
    pub text: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChosenInput {
    /// Values that were looked at before: each with its kind.
    #[schema(value_type = Vec<Object>, example = json!([{ "kind": "domain", "value": "evil.example.org" }]))]
    pub values: Vec<Observable>,
    /// `unknown` if left out.
    #[schema(value_type = Option<String>, example = "indicator")]
    pub standing: Option<Standing>,
    #[schema(value_type = Option<String>, example = "green")]
    pub tlp: Option<Tlp>,
    #[serde(default)]
    #[schema(example = json!(["c2"]))]
    pub tags: Vec<String>,
}

/// Which values to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ValuesQuery {
    /// Part of the value or the note; written harmlessly is fine.
    pub q: Option<String>,
    #[param(example = "domain")]
    pub kind: Option<String>,
    #[param(example = "indicator")]
    pub standing: Option<String>,
    pub tag: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u16>,
}

impl ValuesQuery {
    pub fn split(self) -> Result<(Sought, PageQuery)> {
        let sought = Sought {
            kind: word::<ObservableKind>(self.kind.as_deref())?,
            standing: word::<Standing>(self.standing.as_deref())?,
            tag: self.tag,
            text: self.q,
        };
        Ok((sought, PageQuery { cursor: self.cursor, limit: self.limit }))
    }
}

/// Which value is meant.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ValueQuery {
    #[param(example = "domain")]
    pub kind: String,
    #[param(example = "evil.example.org")]
    pub value: String,
}

impl ValueQuery {
    /// What is no such value was never seen.
    pub fn observable(&self) -> Result<Observable> {
        let kind: ObservableKind = self.kind.parse()?;
        Observable::new(kind, &self.value).map_err(|_| Error::NotFound("observable"))
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingInput {
    /// `indicator` (known bad), `benign` or `unknown`.
    #[schema(value_type = String, example = "indicator")]
    pub standing: Standing,
    pub note: Option<String>,
    /// All of them; as they are if left out.
    pub tags: Option<Vec<String>>,
    /// As it is if left out; blank: as its incident.
    #[schema(example = "green")]
    pub tlp: Option<String>,
}

impl StandingInput {
    pub fn word(self) -> Result<Word> {
        let tlp = self.tlp.map(|tlp| word::<Tlp>(Some(&tlp))).transpose()?;
        Ok(Word { standing: self.standing, note: self.note, tags: self.tags, tlp })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetInput {
    /// `host` or `account`.
    #[schema(value_type = String, example = "host")]
    pub kind: ObservableKind,
    pub name: String,
    /// `suspected` if left out.
    #[schema(value_type = Option<String>, example = "compromised")]
    pub state: Option<AssetState>,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetStateInput {
    #[schema(value_type = String, example = "contained")]
    pub state: AssetState,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveAssetsInput {
    #[schema(value_type = Vec<String>, example = json!(["AST-1", "AST-2"]))]
    pub assets: Vec<AssetId>,
    /// `suspected`, `confirmed` or `cleared`; as it is if left out.
    #[schema(value_type = Option<String>, example = "confirmed")]
    pub compromise: Option<Compromise>,
    /// `open`, `requested`, `isolated`, `rebuilding` or `restored`; as it is if left out.
    #[schema(value_type = Option<String>, example = "isolated")]
    pub containment: Option<Containment>,
    /// Needed to clear an asset and to go back.
    pub reason: Option<String>,
}
