//! Who must be told: the duties that apply or may apply, their deadlines, what was sent, and the decisions that
//! nobody is told. Left out where no profile says who the organisation is.

use domain::obligation::approval::WaiverState;
use domain::obligation::clock::StageClock;
use domain::obligation::{Decision, Standing, Truth, Verdict};
use paper::inline::badge;
use paper::{Column, Document, Inline, Rich, Table, Tone};

use super::Sources;
use super::words::stamp;
use crate::error::Result;

pub fn draw(document: &mut Document, sources: &Sources) -> Result<()> {
    if sources.duties.profile.is_none() {
        return Ok(());
    }
    let decisions = sources.duties.decisions()?;
    let owed: Vec<&Decision<'_>> = decisions
        .iter()
        .filter(|one| one.verdict != Verdict::DoesNotApply && one.standing != Standing::NotBinding)
        .collect();
    if owed.is_empty() {
        document.paragraph("By what is known, no duty to notify anybody applies.");
        return Ok(());
    }
    document.paragraph(
        "Which duties follow from the organisation's profile and the facts on record. Where a law is read in \
         different ways, the earliest deadline stands here. This is no legal advice.",
    );
    document.table(clocks(sources, &owed));
    waivers(document, sources);
    Ok(())
}

fn clocks(sources: &Sources, owed: &[&Decision<'_>]) -> Table {
    let mut table = Table::new([
        Column::new("Duty").weight(2.6),
        Column::new("To").weight(2.0),
        Column::new("Stage").weight(1.6),
        Column::new("Deadline (UTC)").mono().weight(1.4),
        Column::new("State").weight(1.6),
    ])
    .caption("Duties to notify and their clocks");
    for decision in owed {
        for clock in decision.stages.iter().filter(|clock| clock.owed != Truth::No) {
            table.push([
                Rich::from(&*decision.duty.title),
                Rich::from(&**clock.stage.to.as_ref().unwrap_or(&decision.duty.to)),
                Rich::from(&*clock.stage.title),
                clock.deadline().map(stamp).unwrap_or_default().into(),
                state(sources, decision, clock).into(),
            ]);
        }
    }
    table
}

fn state(sources: &Sources, decision: &Decision<'_>, clock: &StageClock<'_>) -> Inline {
    use domain::obligation::clock::State;
    if sources.duties.waived(&decision.duty.id).is_some() {
        return badge("Not notifiable", Tone::Neutral);
    }
    let state = clock.state(sources.now);
    let tone = match state {
        State::Sent => Tone::Success,
        State::SentLate | State::Running | State::Urgent => Tone::Warning,
        State::Breached => Tone::Danger,
        State::NotOwed | State::Waiting => Tone::Neutral,
    };
    let open = if decision.verdict == Verdict::MayApply { " (may apply)" } else { "" };
    badge(format!("{}{open}", state.label()), tone)
}

fn waivers(document: &mut Document, sources: &Sources) {
    let approved = sources.duties.waivers.iter().filter(|one| one.state == WaiverState::Approved);
    for waiver in approved {
        let title = sources
            .duties
            .duty(&waiver.duty)
            .map_or_else(|_| waiver.duty.to_string(), |duty| duty.title.to_string());
        let who = |user| sources.dossier.name(user);
        let by = waiver.settled_by.map(who).unwrap_or_default();
        document.paragraph(Rich::new().strong(format!("Not notifiable: {title}. ")).text(format!(
            "{} ({}, proposed by {}, approved by {by})",
            waiver.reason,
            waiver.id,
            who(waiver.proposed_by)
        )));
    }
}
