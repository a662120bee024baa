//! An archive of a kind that the first byte says: listed, then each of its first members read to its end.
#![no_main]

use std::io::{self, Cursor};

use exhibit::{Kind, archive};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let kind = match first % 3 {
        0 => Kind::Zip,
        1 => Kind::Tar,
        _ => Kind::Gzip,
    };
    let Ok(listing) = archive::list(&mut Cursor::new(rest), kind) else { return };
    for member in listing.members.iter().take(4) {
        if let Ok(mut opened) = archive::open(Cursor::new(rest.to_vec()), kind, member.number) {
            let _ = io::copy(&mut opened.content, &mut io::sink());
        }
    }
});
