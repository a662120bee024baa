//! A document after a template: its chapters in their order, with their headings and words, each drawn by the
//! file that knows how. What stands in for a placeholder is text.

use domain::report::{Chapter, Field, LeaveOut, Part, Template, Words};
use paper::{Block, Document, Marking};

use super::redact::LeftOut;
use super::words::{date, missing};
use super::{Sources, chat, closing, duties, findings, impact, opening, response, steps, story};
use crate::error::Result;

pub fn compose(template: &Template, sources: &Sources, left: &mut LeftOut, made: &Made) -> Result<Document> {
    let record = &sources.dossier.incident.record;
    let mut document = Document::new(record.title.clone());
    document.subtitle = fill(&template.subtitle, sources, made);
    document.organisation.clone_from(&sources.dossier.organisation);
    document.marking = Some(Marking::new(made.marking));
    document.prepared_by.clone_from(&made.by);
    document.date = Some(sources.now);
    document.unnumbered = !template.numbered;
    document.without_cover = !template.cover;
    opening::cover(&mut document, sources);
    for chapter in template.chapters.iter().filter(|chapter| chapter.part != Part::LeftOut) {
        add(&mut document, template, chapter, sources, made)?;
    }
    left.strike_from(&mut document);
    // Struck first and told afterwards: the list itself says nothing of the values.
    let told = template.chapters.iter().find(|chapter| chapter.part == Part::LeftOut);
    if !left.is_empty() {
        let heading =
            told.map_or_else(|| Part::LeftOut.label().to_owned(), |own| fill(&own.heading, sources, made));
        document.heading(1, heading);
        left.draw(&mut document);
    }
    Ok(document)
}

/// Who makes the report, and for which marking.
pub struct Made {
    pub by: String,
    pub marking: &'static str,
}

fn add(
    document: &mut Document,
    template: &Template,
    chapter: &Chapter,
    sources: &Sources,
    made: &Made,
) -> Result<()> {
    let mut drawn = Document::default();
    draw(&mut drawn, chapter.part, sources)?;
    // A part that has nothing at all to say says so by drawing nothing.
    let nothing = drawn.blocks.is_empty() && chapter.part != Part::Text;
    if nothing || (template.leaves_out(LeaveOut::Empty) && is_empty(chapter.part, &drawn)) {
        return Ok(());
    }
    if chapter.new_page {
        document.page_break();
    }
    document.heading(1, fill(&chapter.heading, sources, made));
    paragraphs(document, chapter.before.as_ref(), sources, made);
    document.blocks.append(&mut drawn.blocks);
    paragraphs(document, chapter.after.as_ref(), sources, made);
    Ok(())
}

fn paragraphs(document: &mut Document, words: Option<&Words>, sources: &Sources, made: &Made) {
    let Some(words) = words else { return };
    let filled = fill(words, sources, made);
    for line in filled.lines().map(str::trim).filter(|line| !line.is_empty()) {
        document.paragraph(line);
    }
}

/// Whether all that a part says is that nothing is recorded.
fn is_empty(part: Part, drawn: &Document) -> bool {
    let nothing = Block::Paragraph(missing());
    part != Part::Text
        && drawn.blocks.iter().all(|block| matches!(block, Block::Heading { .. }) || *block == nothing)
}

fn draw(document: &mut Document, part: Part, sources: &Sources) -> Result<()> {
    match part {
        Part::Text | Part::LeftOut => {}
        Part::Summary => opening::summary(document, sources),
        Part::Severity => opening::why(document, sources),
        Part::Impact => opening::impact(document, sources),
        Part::Timeline => story::draw(document, sources),
        Part::Milestones => steps::milestones(document, sources),
        Part::Response => response::draw(document, sources),
        Part::Decisions => response::decisions(document, sources),
        Part::NextSteps => steps::next(document, sources),
        Part::Costs => impact::draw(document, sources),
        Part::Obligations => duties::draw(document, sources)?,
        Part::Techniques => findings::techniques(document, sources),
        Part::Alerts => steps::alerts(document, sources),
        Part::Indicators => findings::indicators(document, sources),
        Part::Evidence => findings::evidence(document, sources),
        Part::Conclusions => closing::conclusions(document, sources),
        Part::Approval => closing::approval(document, sources),
        Part::FullTimeline => closing::whole(document, sources),
        Part::Chat => chat::draw(document, sources),
        Part::Ledger => closing::statement(document, sources),
    }
    Ok(())
}

fn fill(words: &Words, sources: &Sources, made: &Made) -> String {
    let (view, record) = (&sources.dossier.incident, &sources.dossier.incident.record);
    let open = || "not yet".to_owned();
    words.filled(|field| match field {
        Field::Organisation => sources.dossier.organisation.clone(),
        Field::PreparedBy => made.by.clone(),
        Field::MadeAt => date(sources.now),
        Field::Marking => made.marking.to_owned(),
        Field::IncidentId => record.id.to_string(),
        Field::IncidentTitle => record.title.clone(),
        Field::IncidentType => record.incident_type.label().to_owned(),
        Field::IncidentSeverity => record.severity.label().to_owned(),
        Field::IncidentPhase => record.phase.label().to_owned(),
        Field::IncidentOutcome => record.outcome.map_or_else(open, |outcome| outcome.label().to_owned()),
        Field::IncidentCommander => view.commander_name.clone().unwrap_or_else(|| "nobody yet".to_owned()),
        Field::IncidentDeclared => date(record.declared_at),
        Field::IncidentClosed => record.closed_at.map_or_else(open, date),
        Field::IncidentSummary => record.summary.clone().unwrap_or_else(|| "not written yet".to_owned()),
    })
}
