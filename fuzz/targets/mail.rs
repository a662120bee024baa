//! A mail, as a person is shown it, and the values that are proposed of it.
#![no_main]

use exhibit::Kind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(mail) = exhibit::mail::read_bytes(data, Kind::Mail) {
        mail.seen();
        for link in mail.bodies.iter().flat_map(|body| &body.links) {
            exhibit::mail::defang(&link.target);
        }
    }
});
