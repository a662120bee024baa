//! Finding values in text that people paste: a mail from a partner, a page of a report, a column of a sheet. Values
//! that were made harmless are read as what they are.

use std::collections::BTreeMap;

use super::{Observable, noise, shape};

/// How many values one text gives.
pub const MOST_IN_TEXT: usize = 500;

/// A value that stands in a text, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InText {
    pub observable: Observable,
    /// As it stands there the first time.
    pub written: String,
    pub times: usize,
}

/// The values in a text, each once, in the order in which they come; and whether there are more than
/// [`MOST_IN_TEXT`].
pub fn find_in_text(text: &str) -> (Vec<InText>, bool) {
    let mut found: Vec<InText> = Vec::new();
    let mut places: BTreeMap<Observable, usize> = BTreeMap::new();
    for word in words(text) {
        let Some(observable) = read(word) else { continue };
        if let Some(known) = places.get(&observable).and_then(|place| found.get_mut(*place)) {
            known.times += 1;
        } else if found.len() >= MOST_IN_TEXT {
            return (found, true);
        } else {
            places.insert(observable.clone(), found.len());
            found.push(InText { observable, written: word.to_owned(), times: 1 });
        }
    }
    (found, false)
}

/// What stands between blanks and the marks that part values, without the marks around it. A path between
/// quotation marks keeps its blanks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '|' | '`');
    text.split(['"', '\n', '\r', '\t']).flat_map(move |piece| {
        let whole = shape::is_path(piece.trim()) && !piece.contains([',', ';', '|']);
        let pieces: Box<dyn Iterator<Item = &str>> =
            if whole { Box::new(std::iter::once(piece)) } else { Box::new(piece.split(parts)) };
        pieces.map(bare)
    })
}

/// Without the punctuation of the sentence around it.
fn bare(word: &str) -> &str {
    let word = word.trim().trim_matches(['\'', '“', '”', '‘', '’', '*', '!']);
    let word = word.trim_end_matches(['.', ':', '?']);
    // A bracket belongs to the value only if its other half does.
    let word = match (word.strip_prefix('('), word.contains(')')) {
        (Some(rest), false) => rest,
        _ => word,
    };
    let opened =
        |word: &str, open: char, close: char| word.matches(open).count() < word.matches(close).count();
    let mut word = word;
    while (word.ends_with(')') && opened(word, '(', ')')) || (word.ends_with(']') && opened(word, '[', ']')) {
        word = word.get(..word.len() - 1).unwrap_or_default();
    }
    match (word.strip_prefix('('), word.strip_suffix(')')) {
        (Some(_), Some(_)) => word.trim_start_matches('(').trim_end_matches(')'),
        _ => word,
    }
}

fn read(word: &str) -> Option<Observable> {
    // A digest may follow its name: `SHA256=…`, `MD5:…`.
    let named = || word.split_once(['=', ':']).and_then(|(_, value)| Observable::classify(value));
    let with_port = || Observable::address(&shape::refang(word));
    let observable = Observable::classify(word).or_else(with_port).or_else(named)?;
    let idle = match observable.kind().is_digest() {
        true => noise::is_empty_digest(observable.value()),
        false => {
            let address = shape::address(observable.value());
            address.is_some_and(noise::is_nobodys_address) || noise::is_this_host(observable.value())
        }
    };
    (!idle).then_some(observable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ObservableKind as Kind;

    fn found(text: &str) -> Vec<(Kind, String)> {
        let (found, _) = find_in_text(text);
        found.iter().map(|one| (one.observable.kind(), one.observable.value().to_owned())).collect()
    }

    #[test]
    fn values_of_a_partners_mail_are_found_and_made_whole() {
        let mail = "Hello,\nwe saw hxxps://evil[.]example[.]org/a.php (from 203[.]0[.]113[.]9), then again\n\
            evil[.]example[.]org. The dropper is \"C:\\Program Files\\x y\\run.exe\", SHA256=\
            9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08; mails came from <bad[@]evil[dot]example[dot]org>.\n\
            127.0.0.1 is us. Nothing else, i.e. no more.";
        assert_eq!(
            found(mail),
            [
                (Kind::Url, "https://evil.example.org/a.php".to_owned()),
                (Kind::Ipv4, "203.0.113.9".to_owned()),
                (Kind::Domain, "evil.example.org".to_owned()),
                (Kind::File, "C:\\Program Files\\x y\\run.exe".to_owned()),
                (Kind::Sha256, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned()),
                (Kind::Email, "bad@evil.example.org".to_owned()),
            ]
        );
    }

    #[test]
    fn the_same_value_counts_once_however_it_is_written() {
        let (found, more) = find_in_text("198.51.100.7 198[.]51[.]100[.]7, (198.51.100.7)\n198.51.100.7:443");
        assert_eq!((found.len(), found[0].times, more), (1, 4, false));
        let many: String = (0..MOST_IN_TEXT + 5).map(|n| format!("h{n}.example.org\n")).collect();
        let (found, more) = find_in_text(&many);
        assert_eq!((found.len(), more), (MOST_IN_TEXT, true));
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_what_is_found_is_found_again(text in "[ -~\\n\u{e4}\u{4e2d}]{0,300}") {
            let (first, _) = find_in_text(&text);
            for one in first {
                let again = Observable::new(one.observable.kind(), one.observable.value());
                prop_assert_eq!(again, Ok(one.observable));
            }
        }
    }
}
