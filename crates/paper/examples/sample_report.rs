//! Makes the sample report in every format: `cargo run -p paper --example sample_report -- FOLDER [FONT…]`. Fonts
//! given are used before the built-in ones. Prints how long each format took, and what a long report takes.

#[path = "../tests/common/sample.rs"]
mod sample;

use std::path::PathBuf;
use std::time::Instant;

use paper::{Fonts, Format, Press};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the folder to write to")?);
    let mut fonts = Fonts::default();
    for path in arguments {
        // The press wants typefaces that live as long as the program.
        fonts.extra.push(Vec::leak(std::fs::read(path)?));
    }
    std::fs::create_dir_all(&folder)?;
    let start = Instant::now();
    let press = Press::new(&fonts)?;
    println!("typefaces loaded in {:?}", start.elapsed());
    for (name, rows) in [("sample", 12), ("long", 560)] {
        let report = sample::report(rows);
        for format in Format::ALL {
            let start = Instant::now();
            let bytes = press.render(&report, format)?;
            println!("{name}.{:<5} {:>9} bytes in {:?}", format.extension(), bytes.len(), start.elapsed());
            std::fs::write(folder.join(format!("{name}.{}", format.extension())), bytes)?;
        }
    }
    Ok(())
}
