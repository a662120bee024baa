//! An Outlook message, and the messages within it.
#![no_main]

use exhibit::Kind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(mail) = exhibit::mail::read_bytes(data, Kind::OutlookMessage) else { return };
    mail.seen();
    for within in mail.attachments.iter().filter(|one| one.identity.kind == Kind::OutlookMessage) {
        let _ = exhibit::mail::read_bytes(&within.bytes, Kind::OutlookMessage);
    }
});
