//! Bytes as whatever they look like: their kind, pages of text to the end, a search, strings.
#![no_main]

use std::io::Cursor;

use exhibit::text::Encoding;
use exhibit::{kind, strings, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut source = Cursor::new(data);
    let Ok(identity) = kind::identify(&mut source, "invoice.pdf.exe") else { return };
    let encoding = identity.encoding.unwrap_or(Encoding::Windows1252);
    let mut at = Some(0);
    while let Some(place) = at {
        let page = text::page(&mut source, encoding, place, 7).expect("a cursor can be read");
        assert!(page.next.is_none_or(|next| next > place), "the pages do not move on");
        at = page.next;
    }
    text::search(&mut source, encoding, "a", 0).expect("a cursor can be searched");
    strings::strings(&mut source, 0, 4).expect("a cursor has strings");
});
