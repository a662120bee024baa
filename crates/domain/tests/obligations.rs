//! The shipped duties hold together, and decide and reckon as the laws say: a table worked by hand
//! (`obligation_cases.yaml`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::duties::book;
use domain::Text;
use domain::obligation::{
    Answers, Book, Contract, Known, Profile, Status, Verdict, clock, decide, decide_all, notice, questions,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    houses: BTreeMap<String, House>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct House {
    zone: String,
    profile: BTreeMap<String, String>,
    incident: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    duty: String,
    stage: String,
    house: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    facts: BTreeMap<String, Option<String>>,
    #[serde(default)]
    profile: BTreeMap<String, String>,
    #[serde(default)]
    holidays: BTreeSet<Date>,
    #[serde(default)]
    followed: Vec<String>,
    #[serde(default)]
    sent: BTreeMap<String, Vec<Timestamp>>,
    verdict: Option<Verdict>,
    due: Option<Timestamp>,
    #[serde(default)]
    also: Vec<Timestamp>,
    #[serde(default)]
    none: bool,
    latest: Option<Timestamp>,
    #[serde(default)]
    asks: Vec<String>,
    now: Option<Timestamp>,
    state: Option<clock::State>,
}

fn answers(book: &Book, pairs: &BTreeMap<String, String>) -> Answers {
    book.answers(pairs.iter().map(|(fact, text)| (fact.as_str(), text.as_str()))).unwrap()
}

/// What is wrong with the program's answer to a case; nothing if all is right.
fn differences(book: &Book, house: &House, group: &Group, case: &Case) -> Vec<String> {
    let mut known_of_us = house.profile.clone();
    known_of_us.extend(case.profile.clone());
    let mut known_of_incident = house.incident.clone();
    for (fact, text) in &case.facts {
        match text {
            Some(text) => known_of_incident.insert(fact.clone(), text.clone()),
            None => known_of_incident.remove(fact),
        };
    }
    let profile = Profile {
        answers: answers(book, &known_of_us),
        zone: Some(TimeZone::get(&house.zone).unwrap()),
        holidays: case.holidays.clone(),
        contracts: Vec::new(),
        followed: case.followed.iter().map(|duty| duty.parse().unwrap()).collect(),
    };
    let duty = book.duty(&group.duty.parse().unwrap()).expect("the duty is shipped");
    let mut sent = Vec::new();
    for (stage, times) in &case.sent {
        let stage: domain::obligation::StageKey = stage.parse().unwrap();
        assert!(duty.stage(&stage).is_some(), "{}: no stage {stage}", case.why);
        sent.extend(times.iter().map(|at| (duty.id.clone(), stage.clone(), *at)));
    }
    let incident = answers(book, &known_of_incident);
    let now = case.now.unwrap_or("2026-06-01T00:00Z".parse().unwrap());
    let known = Known { book, profile: &profile, incident: &incident, sent: &sent, now };
    let decision = decide(duty, &known);

    let mut wrong = Vec::new();
    let mut compare = |what: &str, wanted: String, found: String| {
        if wanted != found {
            wrong.push(format!("{what}: wanted {wanted}, found {found}"));
        }
    };
    let verdict = case.verdict.unwrap_or(Verdict::Applies);
    compare("verdict", verdict.to_string(), decision.verdict.to_string());
    for fact in &case.asks {
        let asked = decision.questions.iter().any(|question| question.as_str() == fact);
        compare("asks", format!("{fact} true"), format!("{fact} {asked}"));
    }
    let stage = decision.stages.iter().find(|stage| stage.stage.id.as_str() == group.stage);
    let Some(stage) = stage else {
        compare("stages", (verdict == Verdict::DoesNotApply).to_string(), true.to_string());
        return wrong;
    };
    let found: Vec<Timestamp> = stage.readings.iter().filter_map(|reading| reading.deadline).collect();
    let wanted: Vec<Timestamp> = case.due.iter().chain(&case.also).copied().collect();
    compare("deadlines", format!("{wanted:?}"), format!("{found:?}"));
    compare("no deadline", case.none.to_string(), found.is_empty().to_string());
    if let Some(latest) = case.latest {
        let found = stage.readings.iter().find_map(|reading| reading.at_the_latest);
        compare("latest", format!("{:?}", Some(latest)), format!("{found:?}"));
    }
    if let Some(state) = case.state {
        compare("state", state.to_string(), stage.state(now).to_string());
    }
    wrong
}

#[test]
fn every_case_comes_out_as_worked_by_hand() {
    let book = book();
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/obligation_cases.yaml"));
    let table: Table = serde_saphyr::from_str(&text.unwrap()).unwrap();
    let mut count = 0;
    let mut wrong = Vec::new();
    for group in &table.groups {
        let house = &table.houses[&group.house];
        for case in &group.cases {
            count += 1;
            for difference in differences(&book, house, group, case) {
                wrong.push(format!("{}/{}: {}\n    {difference}", group.duty, group.stage, case.why));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 120, "{count} cases");
}

#[test]
fn every_regime_of_the_reference_is_there() {
    let book = book();
    for duty in [
        "gdpr_33",
        "gdpr_34",
        "gdpr_omnibus",
        "nis2_23",
        "dora_19",
        "cra_14_vulnerability",
        "cra_14_incident",
        "eidas_breach",
        "cer_15",
        "uk_gdpr_33",
        "uk_nis",
        "uk_csr_bill",
        "ch_isa",
        "sec_8k",
        "circia_incident",
        "circia_payment",
        "hipaa_individuals",
        "hipaa_hhs",
        "hipaa_media",
        "hipaa_associate",
        "ftc_safeguards",
        "us_bank_rule",
        "us_bank_provider",
        "nydfs_500_17",
        "nydfs_payment",
        "tsa_directive",
        "dfars_7012",
        "fisma",
        "us_ca",
        "us_tx",
        "us_ny",
        "us_co",
        "us_fl",
        "us_wa",
        "card_visa",
        "card_mastercard",
        "in_cert",
        "in_dpdp",
        "sg_pdpa",
        "sg_cii",
        "au_ndb",
        "au_soci",
        "au_ransom",
        "au_cps234",
        "hk_653",
        "jp_appi",
        "kr_pipa",
        "kr_network_act",
        "cn_measures",
        "br_lgpd",
        "ca_pipeda",
    ] {
        assert!(book.duty(&duty.parse().unwrap()).is_some(), "{duty}");
    }
    // What is unsure whether it is law is never switched on by itself.
    for duty in [
        "gdpr_omnibus",
        "uk_csr_bill",
        "circia_incident",
        "circia_payment",
        "tsa_rule",
        "in_dpdp",
        "kr_pipa_2026",
        "ca_c8",
    ] {
        let status = book.duty(&duty.parse().unwrap()).unwrap().status;
        assert!(matches!(status, Status::Proposed | Status::Pending), "{duty}: {status}");
    }
}

struct Us {
    profile: Profile,
    incident: Answers,
}

fn us(book: &Book, profile: &[(&str, &str)], incident: &[(&str, &str)]) -> Us {
    let answers = book.answers(profile.iter().copied()).unwrap();
    let zone = Some(TimeZone::get("Europe/Berlin").unwrap());
    Us {
        profile: Profile { answers, zone, ..Profile::default() },
        incident: book.answers(incident.iter().copied()).unwrap(),
    }
}

impl Us {
    fn known<'a>(&'a self, book: &'a Book) -> Known<'a> {
        let now = "2026-03-03T12:00Z".parse().unwrap();
        Known { book, profile: &self.profile, incident: &self.incident, sent: &[], now }
    }
}

const BANK: [(&str, &str); 2] =
    [("countries", "DE,US"), ("roles", "financial_entity,important_entity,us_registrant")];

#[test]
fn the_question_that_settles_most_comes_first_and_answers_make_others_needless() {
    let book = book();
    let nothing = us(&book, &BANK, &[]);
    let decisions = decide_all(book.duties(), &nothing.known(&book));
    let open = questions(&decisions);
    assert!(open.iter().any(|one| one.fact.as_str() == "major_ict_incident"));
    assert!(open.windows(2).all(|pair| pair[0].duties >= pair[1].duties));
    // The house's places and roles rule out most; nobody is asked about Singapore.
    assert!(!open.iter().any(|one| one.fact.as_str() == "sg_prescribed"), "{open:?}");
    let told = us(&book, &BANK, &[("data", "none")]);
    let decisions = decide_all(book.duties(), &told.known(&book));
    assert!(!questions(&decisions).iter().any(|one| one.fact.as_str() == "risk_to_people"));
}

#[test]
fn the_reasons_say_what_was_looked_at() {
    let book = book();
    let us = us(&book, &BANK, &[("data", "personal,health"), ("acts_as", "controller")]);
    let decision = decide(book.duty(&"gdpr_33".parse().unwrap()).unwrap(), &us.known(&book));
    assert_eq!(decision.verdict, Verdict::MayApply);
    let data = decision.reasons.iter().find(|reason| reason.says == "Personal data is concerned.").unwrap();
    assert_eq!(data.facts, [("Data concerned".to_owned(), "Health data, Personal data".to_owned())]);
    let risk = decision.reasons.last().unwrap();
    assert_eq!(risk.facts, [("Risk to people".to_owned(), "not known".to_owned())]);
}

#[test]
fn alarms_call_at_half_three_quarters_nine_tenths_and_the_end() {
    let (start, end): (Timestamp, Timestamp) =
        ("2026-03-02T00:00Z".parse().unwrap(), "2026-03-02T10:00Z".parse().unwrap());
    let called = |at: &str| clock::Alarm::called(start, end, at.parse().unwrap()).map(clock::Alarm::as_str);
    assert_eq!(called("2026-03-02T04:59:59Z"), None);
    assert_eq!(called("2026-03-02T05:00Z"), Some("half"));
    assert_eq!(called("2026-03-02T07:29Z"), Some("half"));
    assert_eq!(called("2026-03-02T07:30Z"), Some("three_quarters"));
    assert_eq!(called("2026-03-02T09:00Z"), Some("nine_tenths"));
    assert_eq!(called("2026-03-02T10:00Z"), Some("breach"));
    assert_eq!(called("2027-03-02T10:00Z"), Some("breach"));
}

#[test]
fn a_contract_makes_a_duty_and_a_wrong_one_says_why() {
    let book = book();
    let contract = Contract {
        id: "customer_north".parse().unwrap(),
        partner: "North Ltd".parse().unwrap(),
        clause: "Clause 14.2".parse().unwrap(),
        when: "data any personal_kinds".parse().unwrap(),
        from: "aware".parse().unwrap(),
        within: "48 hours".parse().unwrap(),
    };
    let duty = contract.duty(&book).unwrap();
    let us = us(&book, &BANK, &[("data", "personal"), ("aware", "2026-03-02T10:00Z")]);
    let decision = decide(&duty, &us.known(&book));
    assert_eq!(decision.verdict, Verdict::Applies);
    assert_eq!(decision.stages[0].deadline(), Some("2026-03-04T10:00Z".parse().unwrap()));
    assert_eq!(decision.stages[0].percent_gone(us.known(&book).now), Some(54));
    for (wrong, wanted) in [
        (Contract { from: "people".parse().unwrap(), ..contract.clone() }, "people is no moment"),
        (Contract { when: "data any".parse().unwrap(), ..contract.clone() }, "ends where a word"),
        (
            Contract { within: "2 business days".parse().unwrap(), ..contract.clone() },
            "in hours, days or months",
        ),
        (Contract { id: "gdpr_33".parse().unwrap(), ..contract.clone() }, "choose another id"),
    ] {
        let told = wrong.duty(&book).unwrap_err().to_string();
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn answers_are_read_as_they_are_written_and_bad_ones_say_how() {
    let book = book();
    for (fact, text, back) in [
        ("people", "300", "300"),
        ("people", " 300-1000 ", "300-1000"),
        ("people", "500+", "500+"),
        ("data", "personal, health", "health,personal"),
        ("data", "none", "none"),
        ("unreadable", "no", "no"),
        ("countries", "US-CA, DE", "DE,US-CA"),
        ("aware", "2026-03-02T10:00+01:00", "2026-03-02T09:00:00Z"),
    ] {
        assert_eq!(book.answer(fact, text).unwrap().1.to_string(), back);
    }
    for (fact, text) in [
        ("people", "many"),
        ("people", "10-5"),
        ("people", "-5"),
        ("people", "99999999999999999999999"),
        ("data", ""),
        ("data", "personal,,health"),
        ("data", "gossip"),
        ("risk_to_people", "risk,high"),
        ("risk_to_people", "none"),
        ("unreadable", "maybe"),
        ("countries", "Germany"),
        ("countries", "de"),
        ("aware", "yesterday"),
        ("aware", "2026-02-30T10:00Z"),
    ] {
        let told = book.answer(fact, text).unwrap_err().to_string();
        assert!(told.contains("is no answer to"), "{told}");
    }
    assert!(book.answer("mood", "good").unwrap_err().to_string().contains("there is no fact mood"));
}

#[test]
fn one_sheet_drafts_every_notice_and_what_they_say_differently_is_found() {
    let book = book();
    let facts = [
        ("data", "personal"),
        ("acts_as", "controller"),
        ("risk_to_people", "risk"),
        ("people", "1200"),
        ("aware", "2026-03-02T10:00Z"),
    ];
    let before = us(&book, &BANK, &facts);
    let known = before.known(&book);
    let text = |text: &str| Text::new("the text", text).unwrap();
    let sheet: BTreeMap<_, _> = [("nature", "A mailbox was read."), ("measures", "The account is closed.")]
        .map(|(section, words)| (section.parse().unwrap(), text(words)))
        .into();
    let subject = notice::Subject { organisation: "Nor*th* Ltd", incident: "INC-7 Mailbox" };
    let duty = |id: &str| book.duty(&id.parse().unwrap()).unwrap();
    let draft = |id: &str, stage: usize, known: &Known<'_>, own: &BTreeMap<_, _>| {
        notice::draft(duty(id), &duty(id).stages[stage], known, subject, &sheet, own)
    };
    let none = BTreeMap::new();
    let gdpr = draft("gdpr_33", 0, &known, &none);
    assert!(gdpr.markdown.contains("A mailbox was read."), "{}", gdpr.markdown);
    assert!(gdpr.markdown.contains("People concerned: 1200"));
    assert!(gdpr.markdown.contains("Nor\\*th\\* Ltd"), "what people wrote is not markup");
    assert!(gdpr.markdown.contains("5 Mar 2026, 11:00 CET"), "{}", gdpr.markdown);
    assert_eq!(gdpr.missing().collect::<Vec<_>>(), ["Who reports, and whom to ask"]);
    let nis2 = draft("nis2_23", 0, &known, &none);
    assert!(notice::contradictions(&[&gdpr, &nis2]).is_empty());
    // The other notice words it differently.
    let own = [("nature".parse().unwrap(), text("Two mailboxes were read."))].into();
    let differs = draft("nis2_23", 0, &known, &own);
    let found = notice::contradictions(&[&gdpr, &differs]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].about, "What happened");
    assert_eq!(found[0].second.1, "Two mailboxes were read.");
    // A fact changed after the first was sent.
    let mut facts = facts.to_vec();
    facts[3] = ("people", "9000");
    let after = us(&book, &BANK, &facts);
    let supplement = draft("gdpr_33", 1, &after.known(&book), &none);
    let found = notice::contradictions(&[&gdpr, &supplement]);
    assert!(
        found
            .iter()
            .any(|one| one.about == "People concerned" && one.first.1 == "1200" && one.second.1 == "9000"),
        "{found:?}"
    );
}

#[test]
fn every_stage_of_every_duty_can_be_drafted_and_reasons_end_as_sentences() {
    let book = book();
    let us = us(&book, &BANK, &[("aware", "2026-03-02T10:00Z")]);
    let subject = notice::Subject { organisation: "North Ltd", incident: "INC-7" };
    for duty in book.duties() {
        assert!(book.regime(&duty.regime).is_some());
        for clause in &duty.when {
            assert!(clause.says.ends_with('.'), "{}: {}", duty.id, clause.says);
        }
        for stage in &duty.stages {
            let none = BTreeMap::new();
            let draft = notice::draft(duty, stage, &us.known(&book), subject, &none, &none);
            assert!(!stage.content.is_empty(), "{}/{} has nothing to say", duty.id, stage.id);
            assert_eq!(draft.sections.len(), stage.content.len());
            assert!(!draft.markdown.contains('{'), "{}", draft.markdown);
        }
    }
}

#[test]
fn every_fact_is_asked_by_some_duty_or_shown_by_the_sheet() {
    let book = book();
    let asked: BTreeSet<&str> = book
        .duties()
        .iter()
        .flat_map(domain::obligation::Duty::facts)
        .map(domain::obligation::FactKey::as_str)
        .collect();
    let shown: BTreeSet<&str> = book
        .sheet()
        .sections()
        .iter()
        .flat_map(|section| &section.facts)
        .map(domain::obligation::FactKey::as_str)
        .collect();
    for fact in book.facts() {
        let id = fact.id.as_str();
        assert!(asked.contains(id) || shown.contains(id), "nobody needs {id}");
    }
}
