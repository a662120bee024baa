//! An alert of another product, as a mapping found it in a record, in our words.

use domain::{Entity, EntityKind, Severity, SourceId, observable};
use jiff::Timestamp;
use telemetry::{Event, Reported};

use crate::alert::Outside;
use crate::intake::speak::techniques;

/// The alert to be raised; an error says what of it cannot be understood. What is told without a name of
/// its own is the same if title and entity are.
pub fn outside(
    id: SourceId,
    source: &str,
    event: &Event,
    reported: Reported,
    now: Timestamp,
) -> Result<Outside, String> {
    let severity = match &reported.severity {
        None => Severity::Medium,
        Some(word) => word.trim().to_ascii_lowercase().parse::<Severity>().map_err(|_| {
            let word: String = word.chars().take(40).collect();
            format!(
                "the alert's severity is informational, low, medium, high or critical, not {word:?}; let the mapping \
                 translate it: then, words"
            )
        })?,
    };
    let named = [
        (EntityKind::Host, &reported.host),
        (EntityKind::Address, &reported.address),
        (EntityKind::Account, &reported.account),
    ];
    let entity = named
        .into_iter()
        .find_map(|(kind, name)| Entity::new(kind, name.as_deref()?).ok())
        .unwrap_or_else(|| observable::entity_of(|name| event.text(name)));
    let key = match &reported.id {
        Some(own) => format!("webhook/{id}/id/{own}"),
        None => format!("webhook/{id}/{entity}/{}", reported.title),
    };
    Ok(Outside {
        key,
        title: reported.title,
        description: reported.description,
        severity,
        entity,
        at: event.time.unwrap_or(now),
        techniques: reported.techniques.iter().flat_map(|text| techniques(text)).collect(),
        origin: source.to_owned(),
        reference: reported.id,
        event: None,
    })
}
