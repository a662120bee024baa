#![no_main]
use libfuzzer_sys::fuzz_target;

// The first byte says how the rest is to be taken: as gzip or zstd whatever follows their mark, or as
// UTF-16 of either order.
fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let mark: &[u8] = match first % 5 {
        0 => &[0x1f, 0x8b, 0x08],
        1 => &[0x28, 0xb5, 0x2f, 0xfd],
        2 => &[0xff, 0xfe],
        3 => &[0xfe, 0xff],
        _ => &[],
    };
    watchbell_fuzz::read("input", &[mark, rest].concat(), None);
});
