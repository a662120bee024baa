//! Alerts that no rule here raised: reported by other systems, or by Watchbell about itself. Each has a
//! key that stays the same, by which what is told twice is one alert. Their texts come from outside.

use domain::alert::AlertStatus;
use domain::attack::TechniqueId;
use domain::{Entity, EventId, Line, Severity, Text};
use jiff::Timestamp;

use super::absorb::keep_alert;
use super::{Alert, Match, Touched, store};
use crate::change::Change;
use crate::error::Result;
use crate::event;

/// How many techniques one alert names at the most.
const MOST_TECHNIQUES: usize = 50;

/// An alert as it is reported.
#[derive(Debug, Clone)]
pub struct Outside {
    /// What stays the same when it is told again: `thehive/<source>/<sourceRef>`.
    pub key: String,
    pub title: String,
    pub description: Option<String>,
    pub severity: Severity,
    pub entity: Entity,
    pub at: Timestamp,
    /// ATT&CK techniques, such as T1059.001; what is none is left out.
    pub techniques: Vec<String>,
    /// Shown as where it came from.
    pub origin: String,
    /// Its name there.
    pub reference: Option<String>,
    /// The record behind it.
    pub event: Option<EventId>,
}

/// Raises alerts from outside, or adds to those that are known by their keys. What was told before
/// changes nothing. What is told anew after a dismissal, and happened later, is a new alert.
pub async fn raise_outside(change: &mut Change<'_>, reported: Vec<Outside>) -> Result<Vec<Touched>> {
    let mut touched = Vec::with_capacity(reported.len());
    for outside in reported {
        touched.push(raise_one(change, outside).await?);
    }
    Ok(touched)
}

async fn raise_one(change: &mut Change<'_>, outside: Outside) -> Result<Touched> {
    let known = store::outside_in(change.tx, &plain(&outside.key, Text::LIMIT)).await?;
    let over = |alert: &Alert| alert.status == AlertStatus::Dismissed && outside.at > alert.last_seen;
    let (mut alert, fresh) = match known {
        Some(alert) if !over(&alert) => (alert, false),
        _ => (raise(&outside, change.at)?, true),
    };
    let is_new_event = match outside.event {
        Some(event) => fresh || store::held_events(change.tx, alert.id, &[event]).await?.is_empty(),
        None => false,
    };
    if !fresh && !is_new_event && outside.at <= alert.last_seen {
        return Ok(Touched { alert, new: Vec::new() });
    }
    alert.first_seen = alert.first_seen.min(outside.at);
    alert.last_seen = alert.last_seen.max(outside.at);
    alert.updated_at = change.at;
    let new: Vec<Match> = outside
        .event
        .filter(|_| is_new_event)
        .map(|event| Match { event, at: outside.at, rule: alert.rule.clone(), found: Vec::new() })
        .into_iter()
        .collect();
    alert.count += i64::try_from(new.len()).unwrap_or(0);
    let deliveries = match outside.event {
        Some(event) => event::deliveries_of(change.tx, &[event]).await?,
        None => Vec::new(),
    };
    keep_alert(change, &mut alert, fresh, &new).await?;
    for delivery in deliveries {
        store::insert_deliveries(change.tx, delivery.id, &[alert.id]).await?;
    }
    alert.incident = alert.incident.or(alert.lead_incident);
    Ok(Touched { alert, new })
}

fn raise(outside: &Outside, now: Timestamp) -> Result<Alert> {
    let origin = line(&outside.origin, "elsewhere");
    let techniques: Vec<TechniqueId> =
        outside.techniques.iter().filter_map(|id| id.parse().ok()).take(MOST_TECHNIQUES).collect();
    let rule = format!("outside:{origin}");
    let title = line(&outside.title, "Untitled");
    Ok(Alert {
        techniques: techniques.iter().map(ToString::to_string).collect(),
        origin: Some(origin),
        reference: outside.reference.as_deref().map(|text| line(text, "unnamed")),
        description: outside.description.as_deref().map(|text| plain(text, Text::LIMIT)),
        outside_key: Some(plain(&outside.key, Text::LIMIT)),
        ..Alert::raised(rule, title, outside.severity, outside.entity.clone(), outside.at, now)?
    })
}

/// One line of what outside calls a title or a name.
fn line(text: &str, otherwise: &str) -> String {
    let clean: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    match clean.trim() {
        "" => otherwise.to_owned(),
        text => text.chars().take(Line::LIMIT).collect(),
    }
}

/// PostgreSQL keeps no NUL in a text.
fn plain(text: &str, limit: usize) -> String {
    text.replace('\0', "\u{fffd}").chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::{line, plain};

    #[test]
    fn text_from_outside_is_made_storable() {
        assert_eq!(line(" a\nb\0 ", "x"), "a b");
        assert_eq!(line(" \n", "Untitled"), "Untitled");
        assert_eq!(line(&"ä".repeat(300), "x").chars().count(), 200);
        assert_eq!(plain("a\0b", 2), "a\u{fffd}");
    }
}
