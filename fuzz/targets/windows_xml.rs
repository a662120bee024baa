#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry::Format;

fuzz_target!(|data: &[u8]| watchbell_fuzz::read("fuzz", data, Some(Format::WindowsXml)));
