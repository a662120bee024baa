//! Laying out a graph in columns, the same way every time: what leads to something stands left of it, neighbours of
//! neighbours stand near, and no two boxes overlap. How boxes look is the drawer's business.

/// How large boxes and the gaps between them are.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub width: f64,
    pub height: f64,
    /// Between two columns, and between two boxes of one.
    pub across: f64,
    pub down: f64,
}

/// Where boxes stand, by their upper left corners, and how large the whole is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    pub places: Vec<(f64, f64)>,
    pub width: f64,
    pub height: f64,
}

/// How often the columns are gone through to bring neighbours near each other.
const SWEEPS: usize = 16;

/// Lays out as many boxes as `columns` says, each in its column; `edges` are pairs of places. A column without
/// boxes takes no room.
pub fn lay_out(columns: &[usize], edges: &[(usize, usize)], sizes: Sizes) -> Layout {
    let mut used: Vec<usize> = columns.to_vec();
    used.sort_unstable();
    used.dedup();
    let column_of: Vec<usize> =
        columns.iter().map(|column| used.binary_search(column).unwrap_or(0)).collect();
    let mut near: Vec<Vec<usize>> = vec![Vec::new(); columns.len()];
    for (from, to) in edges {
        if let (Some(_), Some(_)) = (columns.get(*from), columns.get(*to)) {
            near.get_mut(*from).into_iter().for_each(|all| all.push(*to));
            near.get_mut(*to).into_iter().for_each(|all| all.push(*from));
        }
    }
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); used.len()];
    for (place, column) in column_of.iter().enumerate() {
        rows.get_mut(*column).into_iter().for_each(|row| row.push(place));
    }
    let step = sizes.height + sizes.down;
    let mut middle = vec![0.0; columns.len()];
    for row in &rows {
        set(row, &mut middle, step, |number| number as f64 * step);
    }
    for sweep in 0..SWEEPS {
        // From the left and from the right by turns.
        let order: Vec<usize> =
            if sweep % 2 == 0 { (0..rows.len()).collect() } else { (0..rows.len()).rev().collect() };
        for column in order {
            if let Some(row) = rows.get_mut(column) {
                settle(row, &near, &mut middle, step);
            }
        }
    }
    let top = middle.iter().copied().fold(f64::INFINITY, f64::min);
    let top = if top.is_finite() { top } else { 0.0 };
    let places: Vec<(f64, f64)> = column_of
        .iter()
        .zip(&middle)
        .map(|(column, middle)| (*column as f64 * (sizes.width + sizes.across), middle - top))
        .collect();
    let bottom = places.iter().map(|(_, y)| *y).fold(0.0, f64::max);
    let right = places.iter().map(|(x, _)| *x).fold(0.0, f64::max);
    Layout { width: right + sizes.width, height: bottom + sizes.height, places }
}

fn set(row: &[usize], middle: &mut [f64], step: f64, wanted: impl Fn(usize) -> f64) {
    let mut least = f64::NEG_INFINITY;
    for (number, place) in row.iter().enumerate() {
        let at = wanted(number).max(least);
        if let Some(middle) = middle.get_mut(*place) {
            *middle = at;
        }
        least = at + step;
    }
}

/// Orders a column by where its boxes' neighbours stand, and puts each as near to them as the others let it.
fn settle(row: &mut [usize], near: &[Vec<usize>], middle: &mut [f64], step: f64) {
    let wish = |place: usize, middle: &[f64]| -> f64 {
        let own = middle.get(place).copied().unwrap_or(0.0);
        let around: Vec<f64> =
            near.get(place).into_iter().flatten().filter_map(|other| middle.get(*other)).copied().collect();
        if around.is_empty() { own } else { around.iter().sum::<f64>() / around.len() as f64 }
    };
    let mut wishes: Vec<(f64, usize)> = row.iter().map(|place| (wish(*place, middle), *place)).collect();
    wishes.sort_by(|(one, a), (other, b)| one.total_cmp(other).then(a.cmp(b)));
    for (slot, (_, place)) in row.iter_mut().zip(&wishes) {
        *slot = *place;
    }
    // Boxes that want the same place stand together around the middle of their wishes.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wish, _) in &wishes {
        blocks.push((*wish, 1));
        while let [.., (above, many), (below, few)] = blocks.as_slice() {
            let (above, many, below, few) = (*above, *many, *below, *few);
            let apart = step * (many + few) as f64 / 2.0;
            if below - above >= apart {
                break;
            }
            // Each block's middle, so that both together are moved as little as can be.
            let shift = step / 2.0;
            let joined = (many as f64 * (above + few as f64 * shift)
                + few as f64 * (below - many as f64 * shift))
                / (many + few) as f64;
            blocks.truncate(blocks.len() - 2);
            blocks.push((joined, many + few));
        }
    }
    let mut places = wishes.iter().map(|(_, place)| *place);
    for (centre, size) in blocks {
        let begin = centre - step * (size as f64 - 1.0) / 2.0;
        for (number, place) in places.by_ref().take(size).enumerate() {
            if let Some(middle) = middle.get_mut(place) {
                *middle = begin + step * number as f64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZES: Sizes = Sizes { width: 100.0, height: 30.0, across: 50.0, down: 10.0 };

    #[test]
    fn what_leads_on_stands_on_its_right_and_near() {
        // Two chains, named crosswise.
        let layout = lay_out(&[0, 0, 1, 1], &[(0, 3), (1, 2)], SIZES);
        assert_eq!(layout.places[0].0, 0.0);
        assert_eq!(layout.places[2].0, 150.0);
        assert_eq!(layout.places[0].1, layout.places[3].1, "neighbours stand on one line");
        assert_eq!(layout.places[1].1, layout.places[2].1);
        assert_eq!((layout.width, layout.height), (250.0, 70.0));
    }

    #[test]
    fn nothing_is_laid_out_too() {
        assert_eq!(lay_out(&[], &[], SIZES).places, []);
        // A column that nobody stands in takes no room, and an edge to nowhere is left out.
        assert_eq!(lay_out(&[0, 7], &[(0, 9)], SIZES).width, 250.0);
    }

    proptest! {
        #[test]
        fn no_two_boxes_overlap_and_all_stand_within(
            columns in prop::collection::vec(0_usize..6, 1..60),
            edges in prop::collection::vec((0_usize..60, 0_usize..60), 0..120),
        ) {
            let layout = lay_out(&columns, &edges, SIZES);
            prop_assert_eq!(&layout, &lay_out(&columns, &edges, SIZES));
            for (n, (x, y)) in layout.places.iter().enumerate() {
                prop_assert!(*x >= 0.0 && *y >= 0.0 && x + SIZES.width <= layout.width && y + SIZES.height <= layout.height + 1e-6);
                for (ox, oy) in &layout.places[n + 1..] {
                    prop_assert!(x != ox || (y - oy).abs() >= SIZES.height + SIZES.down - 1e-6);
                }
            }
        }
    }
}
