//! Toasts that an answer to a script sets off.

use axum::http::{HeaderName, HeaderValue};
use serde_json::json;

/// The header that shows a toast beside what was swapped in: level (`info`, `good`, `warning`, `error`),
/// title and text.
pub fn header(level: &str, title: &str, text: &str) -> [(HeaderName, HeaderValue); 1] {
    let message = json!({ "toast": { "level": level, "title": title, "text": text } }).to_string();
    let value = HeaderValue::from_str(&ascii(&message)).unwrap_or(HeaderValue::from_static("{}"));
    [(HeaderName::from_static("hx-trigger"), value)]
}

/// JSON in which all beyond ASCII is escaped: a header holds nothing else.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{ascii, header};

    #[test]
    fn a_name_in_any_script_fits_a_header() {
        assert_eq!(ascii("\"Ödman 🔔\""), "\"\\u00d6dman \\ud83d\\udd14\"");
        let [(_, value)] = header("warning", "Ödman\r\nX: y", "Text");
        let read: serde_json::Value = serde_json::from_str(value.to_str().unwrap()).unwrap();
        assert_eq!(read["toast"]["title"], "Ödman\r\nX: y");
    }
}
