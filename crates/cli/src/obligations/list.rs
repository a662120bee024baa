//! `watchbell obligations list`: every duty with its status and source; with facts, which apply, why, and until when.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use domain::obligation::clock::shown;
use domain::obligation::{Book, Decision, Duty, Known, Standing, Truth, Verdict, decide_all, questions};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::facts;
use crate::text::plain;

/// Show the duties; with facts, which of them apply, why, and until when.
///
/// A file of facts says who the organisation is and what is known of an incident. What it does not say is not known, and
/// is asked for. Nothing here is legal advice.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A folder like content/obligations; the shipped files without it.
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// Facts of an organisation and an incident, as YAML.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// The moment at which clocks are read; now if left out.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell obligations list
  watchbell obligations list --facts case.yaml --at 2026-03-03T12:00:00Z
  watchbell obligations list --facts case.yaml --json

A file of facts:
  zone: Europe/Berlin
  profile: {countries: \"DE,US\", roles: \"important_entity,us_registrant\"}
  incident: {data: personal, acts_as: controller, people: 300-1000, aware: \"2026-03-02T10:00:00Z\"}
  sent: [{duty: nis2_23, stage: early_warning, at: \"2026-03-02T20:00:00Z\"}]";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let book = super::book(args.from.as_deref())?;
    let out = match &args.facts {
        None if args.json => {
            format!(
                "{:#}\n",
                json!({ "duties": book.duties().iter().map(|duty| plain_json(&book, duty)).collect::<Vec<_>>() })
            )
        }
        None => catalogue(&book),
        Some(path) => {
            let case = facts::read(&book, path)?;
            let contracts = case.profile.contract_duties(&book)?;
            let now = args.at.unwrap_or_else(Timestamp::now);
            let known = Known {
                book: &book,
                profile: &case.profile,
                incident: &case.incident,
                sent: &case.sent,
                now,
            };
            let decisions = decide_all(book.duties().iter().chain(&contracts), &known);
            if args.json {
                format!("{:#}\n", decided_json(&known, &decisions))
            } else {
                decided(&known, &decisions)
            }
        }
    };
    std::io::stdout().write_all(out.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn catalogue(book: &Book) -> String {
    let mut out = String::new();
    for regime in book.regimes() {
        out += &format!(
            "{}, {} (as of {}, {})\n",
            plain(&regime.name),
            plain(&regime.jurisdiction),
            regime.as_of,
            regime.grounds.label()
        );
        for duty in book.duties().iter().filter(|duty| duty.regime == regime.id) {
            out += &format!(
                "  {:<22} {}\n  {:<22} {}; {}\n",
                duty.id.as_str(),
                plain(&duty.title),
                "",
                plain(&duty.clause),
                duty.status.label()
            );
            for stage in &duty.stages {
                let clocks: Vec<String> = stage.clocks.iter().map(|clock| clock.within.to_string()).collect();
                let wording = stage.wording.as_ref().map(|wording| plain(wording).into_owned());
                let until: Vec<String> = wording.into_iter().chain(clocks).collect();
                out += &format!("  {:<22} - {}: {}\n", "", plain(&stage.title), until.join(" / "));
            }
        }
        out.push('\n');
    }
    out
}

fn decided(known: &Known<'_>, decisions: &[Decision<'_>]) -> String {
    let mut out = String::new();
    for verdict in [Verdict::Applies, Verdict::MayApply] {
        for decision in decisions.iter().filter(|one| one.verdict == verdict) {
            let standing = if decision.standing == Standing::Followed { ", not binding" } else { "" };
            out += &format!(
                "{}{standing}: {} ({}, {})\n",
                verdict.label(),
                plain(&decision.duty.title),
                decision.duty.id,
                plain(&decision.duty.clause)
            );
            for reason in &decision.reasons {
                let mark = match reason.truth {
                    Truth::Yes => "yes ",
                    Truth::No => "no  ",
                    Truth::Open => "open",
                };
                out += &format!("  {mark} {}\n", plain(&reason.says));
            }
            for clock in decision.stages.iter().filter(|clock| clock.owed != Truth::No) {
                out += &format!("  {} [{}]\n", plain(&clock.stage.title), clock.state(known.now).label());
                if let Some(wording) = &clock.stage.wording {
                    out += &format!("      {}\n", plain(wording));
                }
                for reading in &clock.readings {
                    let name = reading.rule.reading.as_ref().map(|name| format!("{}. ", plain(name)));
                    out += &format!("      {}{}\n", name.unwrap_or_default(), plain(&reading.words));
                    if let Some(latest) = reading.at_the_latest {
                        out += &format!("      at the latest: {}\n", shown(latest, &known.profile.zone()));
                    }
                }
            }
            out.push('\n');
        }
    }
    let asked = questions(decisions);
    if !asked.is_empty() {
        out += "Not known yet, what settles most first:\n";
        for open in asked {
            if let Some(fact) = known.book.fact(&open.fact) {
                out += &format!("  {:<28} {} ({})\n", open.fact.as_str(), plain(&fact.question), open.duties);
            }
        }
    }
    let not = decisions.iter().filter(|one| one.verdict == Verdict::DoesNotApply).count();
    out += &format!("\n{not} other duties do not apply.\n");
    out
}

fn plain_json(book: &Book, duty: &Duty) -> Value {
    json!({
        "id": duty.id, "regime": duty.regime, "title": duty.title, "clause": duty.clause, "to": duty.to,
        "status": duty.status, "grounds": duty.grounds.as_str(), "as_of": book.regime(&duty.regime).map(|regime| regime.as_of),
        "note": duty.note,
    })
}

fn decided_json(known: &Known<'_>, decisions: &[Decision<'_>]) -> Value {
    let one = |decision: &Decision<'_>| {
        let mut value = plain_json(known.book, decision.duty);
        let stages: Vec<Value> = decision
            .stages
            .iter()
            .map(|clock| {
                json!({
                    "id": clock.stage.id, "state": clock.state(known.now), "deadline": clock.deadline(),
                    "readings": clock.readings.iter().map(|reading| json!({ "words": reading.words, "deadline": reading.deadline })).collect::<Vec<_>>(),
                })
            })
            .collect();
        if let Some(object) = value.as_object_mut() {
            object.insert("verdict".to_owned(), json!(decision.verdict));
            object.insert("binds".to_owned(), json!(decision.standing.binds()));
            object.insert("stages".to_owned(), Value::Array(stages));
        }
        value
    };
    let asked: Vec<Value> = questions(decisions)
        .into_iter()
        .map(|open| json!({ "fact": open.fact, "duties": open.duties }))
        .collect();
    json!({ "duties": decisions.iter().map(one).collect::<Vec<_>>(), "questions": asked })
}
