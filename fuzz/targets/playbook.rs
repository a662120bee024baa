//! Any text as a playbook: it is read, checked, drawn, verified, and where it is not refused a run of it is rehearsed
//! and comes to an end.
#![no_main]

use std::collections::BTreeMap;

use cacao::{Document, Limits, Options, check, draw, rehearse, runnable, verify};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(document) = Document::read(text) else { return };
    for finding in check(&document) {
        assert!(finding.pointer.is_empty() || finding.pointer.starts_with('/'), "{finding}");
        assert!(finding.sentence.ends_with('.') || finding.sentence.contains('\u{2026}'), "{finding}");
    }
    verify(&document, Timestamp::UNIX_EPOCH);
    if let Ok(playbook) = document.playbook() {
        let drawing = draw(&playbook, &Options::default());
        assert!(drawing.width.is_finite() && drawing.height.is_finite());
    }
    if let Ok((playbook, _)) = runnable(&document) {
        let limits = Limits { visits: 50, steps: 200, ..Limits::default() };
        let done = rehearse(&playbook, Timestamp::UNIX_EPOCH, &BTreeMap::new(), limits).expect("no values are given");
        assert!(done.run.is_over());
    }
});
