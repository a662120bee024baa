//! Where a long string may break when it does not fit: after the joints of paths, addresses and command
//! lines, otherwise every few characters. Only places are found here; no character is added.

use unicode_segmentation::UnicodeSegmentation;

/// Cuts the text into the pieces between which a line may break. Words of up to `limit` characters stay whole,
/// and in longer ones what stands between two joints does while it is short; the pieces put together are the
/// text again.
pub(crate) fn pieces(text: &str, limit: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for word in text.split_inclusive([' ', '\t']) {
        if word.graphemes(true).count() <= limit + 1 {
            piece.push_str(word);
            continue;
        }
        for run in runs(word) {
            let clusters: Vec<&str> = run.graphemes(true).collect();
            if clusters.len() <= (limit / 3).max(LONGEST_RUN) {
                piece.push_str(run);
                pieces.push(std::mem::take(&mut piece));
                continue;
            }
            for part in clusters.chunks(LONGEST_RUN) {
                piece.push_str(&part.concat());
                pieces.push(std::mem::take(&mut piece));
            }
        }
    }
    if !piece.is_empty() || pieces.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// The stretches of a word, each with the joint that ends it. A joint right at the start of a word ends nothing.
fn runs(word: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (position, letter) in word.char_indices() {
        let joint = matches!(letter, '/' | '\\' | '.' | '-' | '_' | '&' | '=' | '?' | ':' | ',' | ';' | '@');
        let end = position + letter.len_utf8();
        if joint && end - start > 2 {
            runs.extend(word.get(start..end));
            start = end;
        }
    }
    runs.extend(word.get(start..).filter(|rest| !rest.is_empty()));
    runs
}

/// A stretch that is too long may break after this many characters.
const LONGEST_RUN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_stay_whole() {
        assert_eq!(pieces("a few words here", 10), ["a few words here"]);
        assert_eq!(pieces("", 10), [""]);
    }

    #[test]
    fn long_words_break_at_joints_and_lose_nothing() {
        let path = r"see C:\Windows\System32\cmd.exe now";
        let cut = pieces(path, 12);
        assert_eq!(cut, ["see C:\\", "Wind", "ows\\", "Syst", "em32", "\\", "cmd.", "exe ", "now"]);
        assert_eq!(cut.concat(), path);
        let hash = "9f86d081884c7d659a2feaa0c55ad015".repeat(2);
        let cut = pieces(&hash, 20);
        assert!(cut.iter().all(|piece| piece.len() <= LONGEST_RUN));
        assert_eq!(cut.concat(), hash);
    }
}
