//! Where a long string may break when it does not fit: after the joints of paths, addresses and command
//! lines, otherwise every few characters. Only places are found here; no character is added.

use unicode_segmentation::UnicodeSegmentation;

/// Cuts the text into the pieces between which a line may break. Words of up to `limit` characters stay
/// whole; the pieces put together are the text again.
pub(crate) fn pieces(text: &str, limit: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for word in text.split_inclusive([' ', '\t']) {
        if word.graphemes(true).count() <= limit + 1 {
            piece.push_str(word);
            continue;
        }
        let mut length = 0;
        for cluster in word.graphemes(true) {
            piece.push_str(cluster);
            length += 1;
            let joint =
                matches!(cluster, "/" | "\\" | "." | "-" | "_" | "&" | "=" | "?" | ":" | "," | ";" | "@");
            // A break right after the first or second character would look like an accident.
            if (joint && length > 2) || length >= LONGEST_RUN {
                pieces.push(std::mem::take(&mut piece));
                length = 0;
            }
        }
    }
    if !piece.is_empty() || pieces.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// A run of letters without a joint may break after this many.
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
        assert!(cut.len() > 4, "{cut:?}");
        assert_eq!(cut.concat(), path);
        let hash = "9f86d081884c7d659a2feaa0c55ad015".repeat(2);
        let cut = pieces(&hash, 20);
        assert!(cut.iter().all(|piece| piece.len() <= LONGEST_RUN));
        assert_eq!(cut.concat(), hash);
    }
}
