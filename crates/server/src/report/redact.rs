//! Leaving out what is marked above the marking that a report is made for, and saying how much of what was left
//! out without telling it. A value that is left out is struck from every text that names it as well.

use std::collections::BTreeMap;

use domain::Tlp;
use domain::observable::find_in_text;
use paper::{Align, Column, Document, Table};

use super::Sources;
use super::words::grouped;
use crate::error::{Error, Result};

/// What stands where a value was struck.
const STRUCK: &str = "[left out]";
/// Shorter values are struck only where they stand as words of their own.
const SHORT: usize = 5;

/// What was left out, by kind and marking.
#[derive(Debug, Default)]
pub struct LeftOut {
    kinds: BTreeMap<(&'static str, Tlp), usize>,
    values: Vec<String>,
    /// In how many places of texts a value was struck.
    struck: usize,
    for_tlp: Option<Tlp>,
}

impl LeftOut {
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// The marking of what has none of its own: the highest of the incident and those merged into it.
pub fn common(sources: &Sources) -> Tlp {
    let own = sources.dossier.incident.record.tlp;
    sources.merged.iter().copied().fold(own, Tlp::max)
}

/// The highest marking of anything in it.
pub fn highest(sources: &Sources) -> Tlp {
    let values = sources.dossier.observables.iter().filter_map(|one| one.tlp);
    values.fold(common(sources), Tlp::max)
}

/// Takes out what is marked above `tlp`.
///
/// # Errors
/// When that would be all of it.
pub fn redact(sources: &mut Sources, tlp: Tlp) -> Result<LeftOut> {
    let own = common(sources);
    if own > tlp {
        return Err(Error::Conflict(format!(
            "{} is marked {}: a report for {} would leave all of it out. Make it for {}, or change the marking of the \
             incident if it may travel further.",
            sources.dossier.incident.record.id,
            own.label(),
            tlp.label(),
            own.label()
        )));
    }
    let mut left = LeftOut { for_tlp: Some(tlp), ..LeftOut::default() };
    sources.dossier.observables.retain(|one| {
        let marking = one.tlp.unwrap_or(own);
        if marking <= tlp {
            return true;
        }
        *left.kinds.entry(("Observables and indicators", marking)).or_default() += 1;
        left.values.push(one.value.clone());
        false
    });
    // The longest first: what is part of another is struck with it.
    left.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let values = left.values.clone();
    sources.dossier.assets.retain(|asset| {
        let withheld = values.iter().any(|value| value.eq_ignore_ascii_case(&asset.name));
        if withheld {
            *left.kinds.entry(("Affected assets whose name is such a value", tlp)).or_default() += 1;
        }
        !withheld
    });
    // What figures are drawn from; all other texts are struck once they stand in the document.
    for entry in &mut sources.dossier.entries {
        if let Some(text) = left.strike(&entry.text) {
            entry.text = text;
        }
    }
    Ok(left)
}

impl LeftOut {
    /// Strikes every value that was left out from all that the document says.
    pub fn strike_from(&mut self, document: &mut Document) {
        if self.values.is_empty() {
            return;
        }
        let mut struck = 0;
        document.rewrite(&mut |words| {
            struck += words.matches(STRUCK).count();
            let text = self.strike(words)?;
            struck += text.matches(STRUCK).count() - words.matches(STRUCK).count();
            Some(text)
        });
        self.struck = struck;
    }

    fn strike(&self, words: &str) -> Option<String> {
        if self.values.is_empty() {
            return None;
        }
        let mut text = words.to_owned();
        // As responders write it, `evil[.]example`, it is the same value.
        for one in find_in_text(words).0 {
            let whole = one.observable.value().to_ascii_lowercase();
            let withheld = self.values.iter().any(|value| without(&whole, value).is_some());
            if withheld && let Some(struck) = without(&text, &one.written) {
                text = struck;
            }
        }
        for value in &self.values {
            if let Some(struck) = without(&text, value) {
                text = struck;
            }
        }
        (text != words).then_some(text)
    }

    /// The list for the reader.
    pub fn draw(&self, document: &mut Document) {
        let Some(tlp) = self.for_tlp else { return };
        document.paragraph(format!(
            "This report is made for {}. What is marked above it is left out:",
            tlp.label()
        ));
        let mut table = Table::new([
            Column::new("Kind").weight(3.4),
            Column::new("Why").weight(2.6),
            Column::new("How many").align(Align::Right).weight(1.0),
        ])
        .caption("What was left out");
        let count = |number: usize| grouped(i64::try_from(number).unwrap_or(i64::MAX));
        for ((kind, marking), number) in &self.kinds {
            let why = if *marking > tlp {
                format!("Marked {}", marking.label())
            } else {
                "Names a value left out".to_owned()
            };
            table.push([(*kind).to_owned(), why, count(*number)]);
        }
        if self.struck > 0 {
            let kind = "Places in texts, each shown as [left out]".to_owned();
            table.push([kind, "Name a value left out".to_owned(), count(self.struck)]);
        }
        document.table(table);
        document.paragraph("Whoever needs to know more asks the organisation that issued this report.");
    }
}

/// The text without a value, whatever the case of its letters; none where it does not hold it.
fn without(text: &str, value: &str) -> Option<String> {
    let (low, sought) = (text.to_ascii_lowercase(), value.trim().to_ascii_lowercase());
    if sought.is_empty() {
        return None;
    }
    let (mut out, mut done, mut from) = (String::new(), 0, 0);
    while let Some(at) = low.get(from..).and_then(|rest| rest.find(&sought)).map(|found| from + found) {
        let end = at + sought.len();
        let joined = |sign: Option<char>| sign.is_some_and(char::is_alphanumeric);
        let within = joined(low.get(..at).and_then(|before| before.chars().next_back()))
            || joined(low.get(end..).and_then(|after| after.chars().next()));
        if sought.chars().count() >= SHORT || !within {
            out.push_str(text.get(done..at)?);
            out.push_str(STRUCK);
            done = end;
        }
        from = end;
    }
    out.push_str(text.get(done..)?);
    (done > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn a_value_is_struck_wherever_it_stands() {
        let struck = |text: &str, value: &str| without(text, value);
        assert_eq!(
            struck("see https://EVIL.example/x and evil.example", "evil.example").as_deref(),
            Some("see https://[left out]/x and [left out]")
        );
        assert_eq!(struck("clean", "evil.example"), None);
        assert_eq!(struck("ab abc (ab)", "ab").as_deref(), Some("[left out] abc ([left out])"));
        assert_eq!(struck("größe ÄÖ größe", "größe").as_deref(), Some("[left out] ÄÖ [left out]"));
        assert_eq!(struck("x", " "), None);
    }
}
