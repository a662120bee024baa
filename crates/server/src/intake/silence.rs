//! The silence alarm: a source that has not spoken for longer than it may raises an alert, once for
//! each silence.

use std::time::Duration;

use domain::{Actor, Entity, EntityKind, Severity, SourceId};
use jiff::SignedDuration;

use crate::alert::{self, Outside};
use crate::app::App;
use crate::error::Result;
use crate::incident;
use crate::source::{self, Source};

/// How often sources are looked at.
const EVERY: Duration = Duration::from_secs(20);

/// Looks at the sources again and again.
pub async fn watch(app: App) {
    loop {
        if let Err(error) = check(&app).await {
            tracing::error!(%error, "silent sources cannot be looked for");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Raises an alert for each source that fell silent; says how many did.
pub async fn check(app: &App) -> Result<usize> {
    let mut raised = 0;
    for source in source::fallen_silent(app).await? {
        let usual = usual_rate(app, source.id).await?;
        let told = app
            .change(&Actor::Watchbell, move |change| {
                Box::pin(async move {
                    let Some(source) = source::note_silence(change, source.id).await? else {
                        return Ok(false);
                    };
                    let touched = alert::raise_outside(change, vec![alarm(&source, usual)?]).await?;
                    incident::follow(change, &touched).await?;
                    Ok(true)
                })
            })
            .await?;
        raised += usize::from(told);
    }
    Ok(raised)
}

/// Events an hour, over the time in the last two days in which the source spoke.
async fn usual_rate(app: &App, id: SourceId) -> Result<i64> {
    let rates = source::rates(app, &Actor::Watchbell, id).await?;
    let (Some(first), Some(last)) = (rates.first(), rates.last()) else { return Ok(0) };
    let span = (last.from.duration_since(first.from) + source::BUCKET).as_secs().max(1);
    let events: i64 = rates.iter().map(|rate| rate.events).sum();
    Ok(events.saturating_mul(3600) / span)
}

fn alarm(source: &Source, usual: i64) -> Result<Outside> {
    let last = source.last_seen.unwrap_or(source.created_at);
    let after = SignedDuration::from_secs(source.silence_after.unwrap_or_default());
    // A listener's source is named by its peer's address.
    let peer = source.name.rsplit('/').next().filter(|part| part.parse::<std::net::IpAddr>().is_ok());
    let entity = match peer {
        Some(address) => Entity::new(EntityKind::Address, address),
        None => Entity::new(EntityKind::Unknown, &source.name),
    };
    Ok(Outside {
        key: format!("silence/{}/{}", source.id, last.as_microsecond()),
        title: format!("The source {} fell silent", source.title()),
        description: Some(format!(
            "Nothing has come from {} since {last}. It may be silent for {after:#}; it usually sends about {usual} \
             events an hour. See whether its sender runs and reaches this server, and whether somebody switched \
             it off.",
            source.name
        )),
        severity: Severity::Medium,
        entity: entity?,
        at: last + after,
        techniques: Vec::new(),
        origin: "Watchbell".to_owned(),
        reference: Some(source.id.to_string()),
        event: None,
    })
}
