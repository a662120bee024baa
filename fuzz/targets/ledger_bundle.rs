//! Any bytes as a bundle: the verifier gives its verdict or says why there is none.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    ledger::bundle::verify(Cursor::new(data), None).ok();
});
