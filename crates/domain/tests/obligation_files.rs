//! The ways in which a file of duties can be wrong, and what is said of each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::duties::{read, shipped};
use domain::obligation::Refusal;

/// The shipped files with one passage of one of them put differently.
fn with(name: &str, passage: &str, instead: &str) -> Vec<Refusal> {
    let mut files = shipped();
    let (_, text) = files.iter_mut().find(|(known, _)| known == name).unwrap();
    assert!(text.contains(passage), "{name} has no {passage}");
    *text = text.replacen(passage, instead, 1);
    read(&files).err().unwrap_or_default()
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_line_and_cause() {
    let brazil = "within: 3 business days, calendar: brazil, zone: America/Sao_Paulo";
    for (file, passage, instead, wanted) in [
        (
            "us_federal.yaml",
            "calendar: us_federal, ends_at",
            "calendar: moon, ends_at",
            "the calendar moon is not in calendars.yaml",
        ),
        (
            "us_federal.yaml",
            "within: 4 business days, calendar: us_federal,",
            "within: 4 business days,",
            "an impossible clock: it counts working days without a calendar",
        ),
        (
            "us_federal.yaml",
            "within: 4 business days",
            "within: 4 fortnights",
            "is not a length of time that a law can give",
        ),
        (
            "us_federal.yaml",
            "within: 36 hours",
            "within: 0 hours",
            "is not a length of time that a law can give",
        ),
        (
            "us_federal.yaml",
            "within: 36 hours",
            "within: 36 hours, ends_at: \"17:30\"",
            "an impossible clock: hours end when they are over",
        ),
        (
            "us_federal.yaml",
            "within: 36 hours",
            "within: 36 hours, calendar: us_federal",
            "an impossible clock: it names a calendar that it never looks at",
        ),
        ("us_federal.yaml", "zone: America/New_York", "zone: America/Springfield", "is no time zone"),
        (
            "americas.yaml",
            brazil,
            "within: 3 business days, calendar: brazil, zone: Brasil",
            "is no time zone",
        ),
        ("nis2.yaml", "from: sent notification", "from: sent final", "which is none before it"),
        (
            "nis2.yaml",
            "{from: aware, within: 24 hours}",
            "{from: people, within: 24 hours}",
            "a clock cannot start from people, which is no moment",
        ),
        (
            "nis2.yaml",
            "{from: aware, within: 24 hours}",
            "{from: wednesday, within: 24 hours}",
            "which is no fact of facts.yaml",
        ),
        (
            "nis2.yaml",
            "if: significant_incident,",
            "if: significant_incident and,",
            "the condition cannot be read",
        ),
        ("nis2.yaml", "if: significant_incident,", "if: grave_incident,", "is no fact of facts.yaml"),
        (
            "nis2.yaml",
            "if: countries any eu,",
            "if: countries any europe,",
            "\"europe\" is no answer to countries",
        ),
        (
            "gdpr.yaml",
            "if: not risk_to_people any unlikely",
            "if: risk_to_people >= 3",
            "has several answers",
        ),
        ("gdpr.yaml", "status: contested", "status: disputed", "is not a known status of a duty"),
        ("gdpr.yaml", "notice: gdpr", "notice: letter", "the form notices/letter.md is not there"),
        (
            "gdpr.yaml",
            "content: [contact, nature,",
            "content: [contact, weather,",
            "weather is no section of sheet.yaml",
        ),
        ("gdpr.yaml", "whole_hours: true", "half_hours: true", "half_hours"),
        ("gdpr.yaml", "- id: gdpr_34", "- id: gdpr_33", "the duty gdpr_33 is there already"),
        (
            "dora.yaml",
            "roll: \"12:00 of next working day\"",
            "roll: sometime",
            "is no rule for days without work",
        ),
        (
            "cra.yaml",
            "effective_from: 2026-09-11",
            "effective_from: 2026-09-11\n  effective_to: 2025-01-01",
            "before it begins",
        ),
        (
            "calendars.yaml",
            "easter: -2",
            "easter: -2, on: 01-01",
            "says when it falls in none or several ways",
        ),
        ("calendars.yaml", "{nth: -1,", "{nth: 5,", "names a weekday that not every year has"),
        ("facts.yaml", "- id: people\n", "- id: data\n", "the fact data is there already"),
        ("notices/gdpr.md", "{lateness}", "{mood}", "is no place in a form"),
        ("notices/gdpr.md", "{sections}", "", "the form has no {sections}"),
    ] {
        let refusals = with(file, passage, instead);
        let told = refusals.iter().find(|refusal| refusal.reason.contains(wanted));
        let told = told.unwrap_or_else(|| panic!("{file}: {instead}: {wanted}\n{refusals:#?}"));
        assert_eq!(told.file, file);
        let line = place(file, passage);
        assert!(
            told.line <= line && line - told.line <= 10,
            "{file}: {instead}: line {}, changed {line}",
            told.line
        );
    }
}

/// The line that was changed.
fn place(file: &str, passage: &str) -> u64 {
    let files = shipped();
    let (_, text) = files.iter().find(|(name, _)| name == file).unwrap();
    let (before, _) = text.split_once(passage).unwrap();
    u64::try_from(before.matches('\n').count()).unwrap() + 1
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let mut files = shipped();
    for (name, text) in &mut files {
        if name == "gdpr.yaml" || name == "dora.yaml" {
            *text = text.replace("countries any e", "countrys any e");
        }
    }
    let refusals = read(&files).unwrap_err();
    let of = |file: &str| refusals.iter().filter(|refusal| refusal.file == file).count();
    assert_eq!((of("dora.yaml"), of("gdpr.yaml")), (1, 4), "{refusals:#?}");
}
