//! Where steps stand: layers by the longest way from the start, an order within each that keeps lines from crossing,
//! then places that keep lines straight. Circles are broken where a walk from the start closes them.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::Size;
use crate::graph::{Graph, Kind};
use crate::{Playbook, StepKind};

/// Room between layers and between neighbours.
const LAYER_GAP: f64 = 54.0;
const NODE_GAP: f64 = 34.0;
const BEND_WIDTH: f64 = 12.0;
const MARGIN: f64 = 24.0;
/// More bends than this are left out, and lines are drawn straight.
const MOST_BENDS: usize = 4000;

/// A line between two steps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub from: String,
    pub to: String,
    pub kind: LineKind,
    /// The places it bends at in between, from above to below.
    pub bends: Vec<(f64, f64)>,
    /// Whether it leads upwards.
    pub back: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum LineKind {
    Next,
    Success,
    Failure,
    Branch(String),
    /// From the end of a branch to what follows when all branches have ended.
    Join,
}

#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub x: f64,
    pub y: f64,
    pub size: Size,
}

#[derive(Debug)]
pub(super) struct Layout {
    /// Centres of the steps.
    pub nodes: BTreeMap<String, Placed>,
    pub lines: Vec<Line>,
    pub width: f64,
    pub height: f64,
}

/// A step or a bend within the layers.
struct Cell {
    step: Option<String>,
    width: f64,
    up: Vec<usize>,
    down: Vec<usize>,
    x: f64,
}

pub(super) fn lay_out(playbook: &Playbook) -> Layout {
    let order = walk_order(playbook);
    let mut lines = lines(playbook);
    break_circles(&order, &mut lines);
    let layers = layers(&order, &lines);
    let mut grid = Grid::new(playbook, &order, &layers, &lines);
    grid.sort();
    grid.place();
    grid.finish(playbook, lines)
}

/// All steps, each after one that leads to it where there is one; the start first.
fn walk_order(playbook: &Playbook) -> Vec<String> {
    let graph = Graph::new(playbook);
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    let roots = [Some(playbook.workflow_start.as_str()), playbook.workflow_exception.as_deref()];
    let all = roots.into_iter().flatten().chain(playbook.workflow.keys().map(String::as_str));
    for root in all.filter(|id| playbook.workflow.contains_key(*id)).collect::<Vec<_>>() {
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                order.push(id.to_owned());
                open.extend(graph.from(id).iter().rev().map(|edge| edge.to));
            }
        }
    }
    order
}

fn lines(playbook: &Playbook) -> Vec<Line> {
    let graph = Graph::new(playbook);
    let line = |from: &str, to: &str, kind| Line {
        from: from.to_owned(),
        to: to.to_owned(),
        kind,
        bends: Vec::new(),
        back: false,
    };
    let mut lines = Vec::new();
    for (id, step) in &playbook.workflow {
        let branches = step.branches();
        let ends = branch_ends(playbook, &graph, id);
        for edge in graph.from(id) {
            match &edge.kind {
                Kind::Branch(word) => lines.push(line(id, edge.to, LineKind::Branch(word.clone()))),
                Kind::Failure => lines.push(line(id, edge.to, LineKind::Failure)),
                // What follows a step with branches follows the ends of its branches; an if without an else, a switch
                // and a loop also lead there by themselves.
                Kind::Next | Kind::Success => {
                    let passes = match &step.kind {
                        StepKind::IfCondition(choice) if choice.on_false.is_none() => Some("no"),
                        StepKind::WhileCondition(_) => Some("no more"),
                        StepKind::SwitchCondition(choice) if !choice.cases.contains_key("default") => {
                            Some("else")
                        }
                        _ => None,
                    };
                    if let Some(word) = passes {
                        lines.push(line(id, edge.to, LineKind::Branch(word.to_owned())));
                    } else if branches.is_empty() || ends.is_empty() {
                        let kind =
                            if edge.kind == Kind::Success { LineKind::Success } else { LineKind::Next };
                        lines.push(line(id, edge.to, kind));
                    }
                    if !matches!(step.kind, StepKind::WhileCondition(_)) {
                        lines.extend(ends.iter().map(|end| line(end, edge.to, LineKind::Join)));
                    }
                }
            }
        }
        if matches!(step.kind, StepKind::WhileCondition(_)) {
            lines.extend(ends.iter().map(|end| line(end, id, LineKind::Join)));
        }
    }
    lines.dedup();
    lines
}

/// Where the branches of a step end: reached along lines, not through branches within.
fn branch_ends(playbook: &Playbook, graph: &Graph<'_>, id: &str) -> BTreeSet<String> {
    let mut ends = BTreeSet::new();
    for edge in graph.from(id).iter().filter(|edge| matches!(edge.kind, Kind::Branch(_))) {
        for step in graph.reach_by(edge.to, |edge| !matches!(edge.kind, Kind::Branch(_))) {
            if playbook.step(step).is_some_and(|found| matches!(found.kind, StepKind::End(_))) {
                ends.insert(step.to_owned());
            }
        }
    }
    ends
}

/// Marks the lines that lead back, so that the rest has no circle: a walk in depth, back to what it is still within.
fn break_circles(order: &[String], lines: &mut [Line]) {
    let mut out: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        out.entry(line.from.as_str()).or_default().push(number);
    }
    let mut state: BTreeMap<&str, bool> = BTreeMap::new();
    let mut back = Vec::new();
    for root in order {
        if state.contains_key(root.as_str()) {
            continue;
        }
        state.insert(root, true);
        let mut path: Vec<(&str, usize)> = vec![(root, 0)];
        while let Some((id, next)) = path.last_mut() {
            let edges = out.get(id).map(Vec::as_slice).unwrap_or_default();
            let Some(number) = edges.get(*next).copied() else {
                state.insert(id, false);
                path.pop();
                continue;
            };
            *next += 1;
            let Some(to) = lines.get(number).map(|line| line.to.as_str()) else { continue };
            match state.get(to) {
                Some(true) => back.push(number),
                Some(false) => {}
                None => {
                    state.insert(to, true);
                    path.push((to, 0));
                }
            }
        }
    }
    for number in back {
        if let Some(line) = lines.get_mut(number) {
            line.back = true;
        }
    }
}

/// The layer of each step: one below the lowest that leads to it.
fn layers(order: &[String], lines: &[Line]) -> BTreeMap<String, usize> {
    let mut waiting: BTreeMap<&str, usize> = order.iter().map(|id| (id.as_str(), 0)).collect();
    let mut out: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.from != line.to) {
        let (from, to) = if line.back { (&line.to, &line.from) } else { (&line.from, &line.to) };
        *waiting.entry(to).or_default() += 1;
        out.entry(from).or_default().push(to);
    }
    let mut layer: BTreeMap<String, usize> = BTreeMap::new();
    let mut open: Vec<&str> =
        order.iter().map(String::as_str).filter(|id| waiting.get(id) == Some(&0)).collect();
    let mut done = BTreeSet::new();
    while let Some(id) = open.pop() {
        done.insert(id);
        let own = *layer.entry(id.to_owned()).or_default();
        for to in out.get(id).into_iter().flatten() {
            let below = layer.entry((*to).to_owned()).or_default();
            *below = (*below).max(own + 1);
            if let Some(left) = waiting.get_mut(to) {
                *left -= 1;
                if *left == 0 {
                    open.push(to);
                }
            }
        }
    }
    for id in order {
        layer.entry(id.clone()).or_default();
    }
    layer
}

struct Grid {
    cells: Vec<Cell>,
    layers: Vec<Vec<usize>>,
    /// For each line its cells from above to below, both ends included.
    ways: Vec<Vec<usize>>,
}

impl Grid {
    fn new(playbook: &Playbook, order: &[String], layer: &BTreeMap<String, usize>, lines: &[Line]) -> Self {
        let depth = layer.values().max().map_or(0, |deepest| deepest + 1);
        let mut grid = Self { cells: Vec::new(), layers: vec![Vec::new(); depth], ways: Vec::new() };
        let mut number: BTreeMap<&str, usize> = BTreeMap::new();
        for id in order {
            let width = playbook.step(id).map_or(BEND_WIDTH, |step| Size::of(step).width);
            let cell = grid.add(Some(id.clone()), width, layer.get(id).copied().unwrap_or(0));
            number.insert(id, cell);
        }
        let at = |id: &str| layer.get(id).copied().unwrap_or(0);
        let bends: usize =
            lines.iter().map(|line| at(&line.from).abs_diff(at(&line.to)).saturating_sub(1)).sum();
        for line in lines {
            let (upper, lower) = if line.back { (&line.to, &line.from) } else { (&line.from, &line.to) };
            let (Some(&upper), Some(&lower)) = (number.get(upper.as_str()), number.get(lower.as_str()))
            else {
                grid.ways.push(Vec::new());
                continue;
            };
            let mut way = vec![upper];
            if bends <= MOST_BENDS && upper != lower {
                let (first, last) =
                    if line.back { (at(&line.to), at(&line.from)) } else { (at(&line.from), at(&line.to)) };
                for between in first + 1..last {
                    way.push(grid.add(None, BEND_WIDTH, between));
                }
            }
            way.push(lower);
            for pair in way.windows(2) {
                if let [above, below] = pair {
                    grid.link(*above, *below);
                }
            }
            grid.ways.push(way);
        }
        grid
    }

    fn add(&mut self, step: Option<String>, width: f64, layer: usize) -> usize {
        let number = self.cells.len();
        self.cells.push(Cell { step, width, up: Vec::new(), down: Vec::new(), x: 0.0 });
        if let Some(cells) = self.layers.get_mut(layer) {
            cells.push(number);
        }
        number
    }

    fn link(&mut self, above: usize, below: usize) {
        if above == below {
            return;
        }
        if let Some(cell) = self.cells.get_mut(above) {
            cell.down.push(below);
        }
        if let Some(cell) = self.cells.get_mut(below) {
            cell.up.push(above);
        }
    }

    /// Orders each layer by the middle of its neighbours, down and up in turn.
    fn sort(&mut self) {
        for round in 0..8 {
            let down = round % 2 == 0;
            let places = self.places();
            let mut places = places;
            let turns: Vec<usize> =
                if down { (0..self.layers.len()).collect() } else { (0..self.layers.len()).rev().collect() };
            for layer in turns {
                let Some(cells) = self.layers.get(layer) else { continue };
                let mut keyed: Vec<(f64, usize, usize)> = cells
                    .iter()
                    .enumerate()
                    .map(|(place, cell)| {
                        (self.middle(*cell, down, &places).unwrap_or(place as f64), place, *cell)
                    })
                    .collect();
                keyed.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
                for (place, (_, _, cell)) in keyed.iter().enumerate() {
                    if let Some(own) = places.get_mut(*cell) {
                        *own = place as f64;
                    }
                }
                if let Some(cells) = self.layers.get_mut(layer) {
                    *cells = keyed.into_iter().map(|(_, _, cell)| cell).collect();
                }
            }
        }
    }

    fn places(&self) -> Vec<f64> {
        let mut places = vec![0.0; self.cells.len()];
        for layer in &self.layers {
            for (place, cell) in layer.iter().enumerate() {
                if let Some(own) = places.get_mut(*cell) {
                    *own = place as f64;
                }
            }
        }
        places
    }

    fn middle(&self, cell: usize, above: bool, values: &[f64]) -> Option<f64> {
        let cell = self.cells.get(cell)?;
        let neighbours = if above { &cell.up } else { &cell.down };
        let found: Vec<f64> = neighbours.iter().filter_map(|cell| values.get(*cell)).copied().collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    }

    /// Gives every cell its place across: near its neighbours, in order, with room between.
    fn place(&mut self) {
        for layer in self.layers.clone() {
            self.spread(&layer, &vec![0.0; layer.len()]);
        }
        for round in 0..12 {
            let above = round % 2 == 0;
            let turns: Vec<usize> =
                if above { (0..self.layers.len()).collect() } else { (0..self.layers.len()).rev().collect() };
            for layer in turns {
                let Some(cells) = self.layers.get(layer).cloned() else { continue };
                let xs: Vec<f64> = self.cells.iter().map(|cell| cell.x).collect();
                let wanted: Vec<f64> = cells
                    .iter()
                    .map(|cell| {
                        self.middle(*cell, above, &xs).or_else(|| xs.get(*cell).copied()).unwrap_or(0.0)
                    })
                    .collect();
                self.spread(&cells, &wanted);
            }
        }
    }

    /// Puts a layer's cells as near to where they want to be as their order and widths allow.
    fn spread(&mut self, layer: &[usize], wanted: &[f64]) {
        let width = |grid: &Self, cell: usize| grid.cells.get(cell).map_or(0.0, |cell| cell.width);
        let mut placed: Vec<f64> = Vec::with_capacity(layer.len());
        let mut edge = f64::NEG_INFINITY;
        for (cell, want) in layer.iter().zip(wanted) {
            let half = width(self, *cell) / 2.0;
            let x = want.max(edge + half);
            placed.push(x);
            edge = x + half + NODE_GAP;
        }
        let off =
            placed.iter().zip(wanted).map(|(x, want)| x - want).sum::<f64>() / (placed.len().max(1) as f64);
        for (cell, x) in layer.iter().zip(placed) {
            if let Some(cell) = self.cells.get_mut(*cell) {
                cell.x = x - off;
            }
        }
    }

    fn finish(self, playbook: &Playbook, mut lines: Vec<Line>) -> Layout {
        let left = self.cells.iter().map(|cell| cell.x - cell.width / 2.0).fold(f64::INFINITY, f64::min);
        let right = self.cells.iter().map(|cell| cell.x + cell.width / 2.0).fold(f64::NEG_INFINITY, f64::max);
        let (left, right) = if left.is_finite() { (left, right) } else { (0.0, 0.0) };
        let mut middles = vec![0.0; self.cells.len()];
        let mut nodes = BTreeMap::new();
        let mut top = MARGIN;
        for layer in &self.layers {
            let size = |cell: &usize| {
                let id = self.cells.get(*cell)?.step.as_ref()?;
                playbook.step(id).map(Size::of)
            };
            let height = layer.iter().filter_map(size).map(|size| size.height).fold(0.0, f64::max);
            for number in layer {
                if let Some(middle) = middles.get_mut(*number) {
                    *middle = top + height / 2.0;
                }
                if let (Some(cell), Some(size)) = (self.cells.get(*number), size(number))
                    && let Some(id) = &cell.step
                {
                    nodes.insert(
                        id.clone(),
                        Placed { x: cell.x - left + MARGIN, y: top + height / 2.0, size },
                    );
                }
            }
            top += height + LAYER_GAP;
        }
        for (line, way) in lines.iter_mut().zip(&self.ways) {
            let inner = way.get(1..way.len().saturating_sub(1)).unwrap_or_default();
            line.bends = inner
                .iter()
                .filter_map(|cell| Some((self.cells.get(*cell)?.x - left + MARGIN, *middles.get(*cell)?)))
                .collect();
        }
        Layout {
            nodes,
            lines,
            width: right - left + 2.0 * MARGIN,
            height: (top - LAYER_GAP + MARGIN).max(2.0 * MARGIN),
        }
    }
}
