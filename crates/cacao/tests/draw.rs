//! The figure: all steps, all lines, nothing over anything else, and no text that becomes markup.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod common;

use std::collections::BTreeMap;

use cacao::{Look, Options, draw};
use common::{book, id, playbook};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A playbook with every type of step.
fn every_type() -> Value {
    serde_json::from_str(include_str!("playbooks/every-type.json")).unwrap()
}

#[test]
fn every_type_is_drawn_and_the_same_each_time() {
    let playbook = playbook(&every_type());
    let drawing = draw(&playbook, &Options::default());
    assert_eq!(drawing, draw(&playbook, &Options::default()));
    for word in [
        "Infected?",
        "Contain",
        "Isolate",
        "How bad",
        "Until clean",
        "Tell the authorities",
        "on failure",
        "default",
        "each time",
        "yes",
    ] {
        assert!(drawing.markup().contains(word), "{word}");
    }
    assert_eq!(drawing.markup().matches("<g class=\"cacao-step\" ").count(), playbook.workflow.len());
    if let Some(folder) = std::env::var_os("WATCHBELL_DRAWINGS") {
        std::fs::write(std::path::Path::new(&folder).join("every-type.svg"), drawing.standalone()).unwrap();
    }
}

#[test]
fn states_stand_on_the_steps_in_words() {
    let looks = BTreeMap::from([(id("action", 1), Look::Done), (id("if-condition", 1), Look::Doubt)]);
    let options = Options { looks, link: Some("#step-".into()) };
    let drawing = draw(&playbook(&every_type()), &options);
    assert!(drawing.markup().contains("done · manual") && drawing.markup().contains("in doubt · if"));
    assert!(drawing.markup().contains(&format!("<a href=\"#step-{}\">", id("action", 1))));
}

#[test]
fn text_stays_text() {
    let mut value = every_type();
    value["name"] = json!("</title><script>alert(1)</script>");
    value["workflow"][id("action", 1)]["name"] = json!("\"><img src=x onerror=alert(1)>\u{0}");
    let drawing = draw(&playbook(&value), &Options::default());
    for markup in [drawing.markup().to_owned(), drawing.standalone()] {
        assert!(!markup.contains("<script") && !markup.contains("<img") && !markup.contains('\u{0}'));
    }
}

/// Where the steps' outlines lie: left, top, right, bottom.
fn boxes(markup: &str) -> Vec<(f64, f64, f64, f64)> {
    let number = |element: &str, name: &str| -> f64 {
        let from = element.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
        element[from..].split('"').next().unwrap().parse().unwrap()
    };
    markup
        .split("<rect class=\"body\"")
        .skip(1)
        .map(|element| {
            let (x, y) = (number(element, "x"), number(element, "y"));
            (x, y, x + number(element, "width"), y + number(element, "height"))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any links between any steps: it is drawn, and no step lies on another.
    #[test]
    fn any_workflow_is_drawn(links in prop::collection::vec((0u32..14, 0u32..14, 0u32..14), 14)) {
        let mut steps = json!({});
        for (number, (one, other, third)) in links.iter().enumerate() {
            let number = u32::try_from(number).unwrap();
            steps[id("action", number)] = json!({ "type": "action", "agent": common::AGENT, "commands": [],
                "on_success": id("action", *one), "on_failure": id("action", *other) });
            if number % 5 == 0 {
                steps[id("parallel", number)] = json!({ "type": "parallel", "next_steps": [id("action", *one), id("action", *third)], "on_completion": id("action", *other) });
            }
        }
        let playbook = common::document(&book(&id("action", 0), steps)).playbook().unwrap();
        let drawing = draw(&playbook, &Options::default());
        prop_assert!(drawing.width.is_finite() && drawing.height.is_finite());
        let boxes = boxes(drawing.markup());
        for (place, one) in boxes.iter().enumerate() {
            prop_assert!(one.0 >= 0.0 && one.1 >= 0.0 && one.2 <= drawing.width && one.3 <= drawing.height);
            for other in &boxes[place + 1..] {
                let apart = one.2 <= other.0 || other.2 <= one.0 || one.3 <= other.1 || other.3 <= one.1;
                prop_assert!(apart, "{:?} lies on {:?}", one, other);
            }
        }
    }
}
