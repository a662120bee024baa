//! Drawings as bitmaps, since few word processors show SVG.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::chart::Svg;
use crate::pdf::Shelf;

/// Pixels for one CSS pixel: about 230 to the inch across the width of a page.
const SCALE: f32 = 2.4;

/// The drawing as PNG; an error says what the drawing library said.
pub(super) fn png(shelf: &Shelf, drawing: &Svg) -> Result<Vec<u8>, String> {
    let families = shelf.text_families();
    let options = Options {
        font_family: families.first().copied().unwrap_or_default().to_owned(),
        fontdb: shelf.pictures(),
        ..Options::default()
    };
    let markup = drawing.standalone(&families.join(", "));
    let tree = Tree::from_str(&shelf.showable(&markup), &options).map_err(|fault| fault.to_string())?;
    let size = tree.size().to_int_size().scale_by(SCALE).ok_or("it has no size")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("it is too large")?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|fault| fault.to_string())
}
