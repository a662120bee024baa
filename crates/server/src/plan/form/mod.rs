//! The forms in which the parts of a draft are written: which part has which form, what a form said as the part's file,
//! and what can be chosen. Drawing is the page's.

mod read;
pub mod shape;
mod write;

use domain::plan::{
    Channels, EvidencePlan, NotificationRule, Plan, PlanHead, PlanRole, Procedure, ReviewPlan, SeverityPlan,
};
use domain::response::ActKind;
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::{IncidentType, Phase, Severity};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::folder::{self, Fault};
use crate::error::{Error, Result};
pub use read::{Said, within};
use shape::{From, Shape};

/// The form of a file; none for one that is written as text alone.
pub fn shape_of(path: &str) -> Option<Shape> {
    Some(match path {
        "plan.yaml" => shape::PLAN,
        "roles.yaml" => shape::ROLES,
        "channels.yaml" => shape::CHANNELS,
        "severity.yaml" => shape::SEVERITY,
        "notifications.yaml" => shape::NOTIFICATIONS,
        "evidence.yaml" => shape::EVIDENCE,
        "review.yaml" => shape::REVIEW,
        _ if path.starts_with("procedures/") => shape::PROCEDURE,
        _ => return None,
    })
}

/// What the file spells, for its form.
pub fn value_of(plan: &Plan, path: &str) -> Result<Value> {
    Ok(match path {
        "plan.yaml" => serde_json::to_value(&plan.head)?,
        "roles.yaml" => serde_json::to_value(&plan.roles)?,
        "channels.yaml" => serde_json::to_value(&plan.channels)?,
        "severity.yaml" => serde_json::to_value(&plan.severity)?,
        "notifications.yaml" => serde_json::to_value(&plan.notifications)?,
        "evidence.yaml" => serde_json::to_value(&plan.evidence)?,
        "review.yaml" => serde_json::to_value(&plan.review)?,
        _ => {
            let named = |one: &&Procedure| format!("procedures/{}.yaml", one.incident_type) == path;
            let procedure = plan.procedures.iter().find(named).ok_or(Error::NotFound("part of the plan"))?;
            serde_json::to_value(procedure)?
        }
    })
}

/// The file that a form asks for. The comment with which it began is kept, and a form that says what stands there already
/// gives the file as it is.
pub fn file(path: &str, shape: Shape, said: &Said, before: &str) -> Result<String> {
    let value = said.value(shape, "");
    let comment: String =
        before.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect();
    let text = format!("{comment}{}", write::yaml(shape, &value));
    match path {
        "plan.yaml" => checked::<PlanHead>(path, &text, &value, before),
        "roles.yaml" => checked::<Vec<PlanRole>>(path, &text, &value, before),
        "channels.yaml" => checked::<Channels>(path, &text, &value, before),
        "severity.yaml" => checked::<SeverityPlan>(path, &text, &value, before),
        "notifications.yaml" => checked::<Vec<NotificationRule>>(path, &text, &value, before),
        "evidence.yaml" => checked::<EvidencePlan>(path, &text, &value, before),
        "review.yaml" => checked::<ReviewPlan>(path, &text, &value, before),
        _ => checked::<Procedure>(path, &text, &value, before),
    }
}

/// The text, if it says what the form did. Values that the part refuses are told in its own words.
fn checked<T: DeserializeOwned + PartialEq>(path: &str, text: &str, value: &Value, before: &str) -> Result<String> {
    let asked: T = serde_json::from_value(value.clone())
        .map_err(|error| Error::Invalid(format!("{path}: {error}")))?;
    if folder::part::<T>(path, before).is_ok_and(|stands| stands == asked) {
        return Ok(before.to_owned());
    }
    let spelled: T = folder::part(path, text).map_err(|fault: Fault| Error::Invalid(fault.to_string()))?;
    if spelled == asked {
        return Ok(text.to_owned());
    }
    Err(Error::Invalid(format!("{path}: a text in this form cannot be written as a file; write it in the text of the part.")))
}

/// What can be chosen: the word in the file, and what people read.
pub fn choices(from: From, plan: &Plan) -> Vec<(String, String)> {
    macro_rules! all {
        ($type:ty) => {
            <$type>::ALL.iter().map(|one| (one.to_string(), one.label().to_owned())).collect()
        };
    }
    let pair = |id: &dyn ToString, title: &dyn ToString| (id.to_string(), title.to_string());
    match from {
        From::Roles => plan.roles.iter().map(|role| pair(&role.id, &role.title)).collect(),
        From::Channels => plan.channels.all().map(|one| pair(&one.id, &one.name)).collect(),
        From::Actions => plan.severity.actions.iter().map(|one| pair(&one.id, &one.title)).collect(),
        From::Severities => all!(Severity),
        From::Types => all!(IncidentType),
        From::Phases => all!(Phase),
        From::Triggers => all!(domain::plan::Trigger),
        From::Kinds => all!(domain::plan::ChannelKind),
        From::Acts => all!(ActKind),
        From::Measures => all!(domain::plan::Measure),
        From::Functional => all!(FunctionalImpact),
        From::Information => all!(InformationImpact),
        From::Recoverability => all!(Recoverability),
    }
}

#[cfg(test)]
mod tests {
    use super::{file, shape_of, value_of, write};
    use crate::plan::form::read::Said;
    use crate::plan::form::shape::{Field, Shape};
    use crate::plan::{Folder, folder};
    use serde_json::Value;

    /// The pairs that a browser would send for this value.
    fn pairs(shape: Shape, name: &str, value: &Value, out: &mut Vec<(String, String)>) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let record = |fields: &[Field], name: &str, value: &Value, out: &mut Vec<(String, String)>| {
            for field in fields {
                if let Some(value) = value.get(field.name) {
                    pairs(field.shape, &super::within(name, field.name), value, out);
                }
            }
        };
        match (shape, value) {
            (_, Value::Null) => {}
            (Shape::Record(fields), _) => record(fields, name, value, out),
            (Shape::List(fields, _), Value::Array(items)) => {
                out.push((format!("{name}#"), (items.len() + 1).to_string()));
                for (number, item) in items.iter().enumerate() {
                    record(fields, &super::within(name, &number.to_string()), item, out);
                }
            }
            (Shape::Codes, Value::Array(items)) => {
                out.push((name.to_owned(), items.iter().map(text).collect::<Vec<_>>().join(", ")));
            }
            (_, Value::Array(items)) => out.extend(items.iter().map(|item| (name.to_owned(), text(item)))),
            _ => out.push((name.to_owned(), text(value).replace('\n', "\r\n"))),
        }
    }

    #[test]
    fn each_part_of_the_shipped_plan_goes_through_its_form_unchanged() {
        let shipped = Folder::shipped().unwrap();
        let plan = shipped.read().unwrap();
        let mut seen = 0;
        for path in shipped.files().keys() {
            let Some(shape) = shape_of(path) else { continue };
            let value = value_of(&plan, path).unwrap();
            let mut said = Vec::new();
            pairs(shape, "", &value, &mut said);
            // Nothing was changed, so the file stays as it is, comments and all.
            let before = shipped.text(path).unwrap();
            assert_eq!(file(path, shape, &Said::new(said.clone()), before).unwrap(), before, "{path}");
            // Written anew, the plan that it spells is the same.
            let anew = write::yaml(shape, &Said::new(said).value(shape, ""));
            let folder = shipped.with(path, Some(anew.clone())).unwrap();
            assert_eq!(folder.read().map_err(|faults| folder::listed(&faults)).unwrap(), plan, "{path}\n{anew}");
            seen += 1;
        }
        assert_eq!(seen, 17);
    }
}
