//! Figures: well-formed, described, faithful to what they were given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::{SignedDuration, Timestamp};
use paper::chart::{Bar, Lane, Moment, Phase, Svg, bars, phases, timeline};
use proptest::prelude::*;

/// The drawing parses, says what it is, and keeps within its sheet.
fn check(svg: &Svg) {
    let (width, height) = svg.size();
    assert!(width > 0.0 && height > 0.0 && !svg.description().is_empty());
    let alone = svg.standalone("DejaVu Sans Mono");
    assert!(!alone.contains("var(") && !alone.contains("\"currentColor\""));
    for markup in [svg.markup(), &alone] {
        let tree = roxmltree::Document::parse(markup).unwrap();
        let root = tree.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let names: Vec<&str> = root.children().map(|node| node.tag_name().name()).take(2).collect();
        assert_eq!(names, ["title", "desc"]);
        for node in tree.descendants() {
            let known = ["", "svg", "title", "desc", "g", "line", "rect", "circle", "text"];
            assert!(known.contains(&node.tag_name().name()), "{node:?}");
            let number = |name: &str| node.attribute(name).and_then(|value| value.parse::<f64>().ok());
            for x in ["x", "x1", "x2", "cx"].iter().filter_map(|name| number(name)) {
                assert!((-1.0..=width + 1.0).contains(&x), "{node:?}");
            }
            for y in ["y", "y1", "y2", "cy"].iter().filter_map(|name| number(name)) {
                assert!((-1.0..=height + 1.0).contains(&y), "{node:?}");
            }
        }
    }
}

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let moment = (0_i64..4_000_000_000, any::<bool>(), ".{0,80}").prop_map(|(second, adversary, label)| {
        let lane = if adversary { Lane::Adversary } else { Lane::Response };
        Moment::new(Timestamp::from_second(second).unwrap(), lane, label)
    });
    prop::collection::vec(moment, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_timeline_is_drawn(moments in moments(), title in ".*") {
        check(&timeline(&title, &moments));
    }

    #[test]
    fn any_bars_are_drawn(values in prop::collection::vec((".{0,60}", any::<u64>()), 0..60)) {
        let values: Vec<Bar> = values.into_iter().map(|(label, value)| Bar::new(label, value)).collect();
        check(&bars("Bars", &values));
    }

    #[test]
    fn any_phases_are_drawn(values in prop::collection::vec((".{0,60}", -1_000_000_000_i64..1_000_000_000), 0..30)) {
        let values: Vec<Phase> = values.into_iter().map(|(name, seconds)| Phase::new(name, SignedDuration::from_secs(seconds))).collect();
        check(&phases("Phases", &values));
    }
}

#[test]
fn text_that_looks_like_a_variable_stays_text() {
    let words = "var(--paper-ink, #fff) \"currentColor\"";
    let svg = bars(words, &[Bar::new(words, 1)]);
    let alone = svg.standalone("serif");
    let tree = roxmltree::Document::parse(&alone).unwrap();
    assert!(tree.descendants().any(|node| node.text() == Some(words)), "{alone}");
}

#[test]
fn five_hundred_moments_fit() {
    let start: Timestamp = "2026-11-17T08:00:00Z".parse().unwrap();
    let many: Vec<Moment> = (0..500)
        .map(|number| {
            Moment::new(
                start + SignedDuration::from_secs(number * number),
                if number % 4 == 0 { Lane::Response } else { Lane::Adversary },
                format!("moment {number}"),
            )
        })
        .collect();
    let svg = timeline("Many", &many);
    check(&svg);
    assert!(svg.size().1 < 520.0, "the drawing is {} high", svg.size().1);
}
