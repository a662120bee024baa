//! Whatever it looks like: the detection of formats, and the reader that it chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| watchbell_fuzz::read("fuzz", data, None));
