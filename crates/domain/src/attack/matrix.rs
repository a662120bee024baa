//! Which techniques rules cover: tactics as columns in their order, techniques as cells, each with the
//! rules that name it.

use std::collections::{BTreeMap, BTreeSet};

use super::Tactic;
use super::catalogue::{self, Technique};

/// Rules are known by their position among those given.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    pub columns: Vec<Column>,
    /// Techniques that rules name and ATT&CK does not know.
    pub unknown: BTreeMap<String, Vec<usize>>,
    /// Rules that name no technique.
    pub untagged: Vec<usize>,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub tactic: Tactic,
    /// The techniques that serve it, in the order of their names, covered or not.
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone)]
pub struct Cell {
    /// `T1059` or, within its technique, `T1059.001`.
    pub id: &'static str,
    pub name: &'static str,
    /// The rules that name just this one.
    pub rules: Vec<usize>,
    pub subtechniques: Vec<Cell>,
}

impl Cell {
    fn new((id, technique): (&'static str, &'static Technique)) -> Cell {
        Cell { id, name: &technique.name, rules: Vec::new(), subtechniques: Vec::new() }
    }

    /// The rules that name it or one of its sub-techniques.
    pub fn all_rules(&self) -> BTreeSet<usize> {
        let below = self.subtechniques.iter().flat_map(|below| &below.rules);
        self.rules.iter().chain(below).copied().collect()
    }
}

impl Column {
    /// How many of its techniques some rule covers.
    pub fn covered(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.all_rules().is_empty()).count()
    }

    pub fn rules(&self) -> BTreeSet<usize> {
        self.cells.iter().flat_map(Cell::all_rules).collect()
    }

    fn cell(&mut self, id: &str) -> Option<&mut Cell> {
        let parent = id.split('.').next().unwrap_or(id);
        let cell = self.cells.iter_mut().find(|cell| cell.id == parent)?;
        if parent == id {
            return Some(cell);
        }
        cell.subtechniques.iter_mut().find(|below| below.id == id)
    }
}

impl Matrix {
    /// From the techniques (`T1059.001`) and tactics (`execution`) that each rule names. A rule counts
    /// for the tactics that it names; where none of them is one of the technique's, for all of the
    /// technique's.
    pub fn of<'a>(rules: impl Iterator<Item = (&'a [String], &'a [String])>) -> Matrix {
        let mut matrix = Matrix { columns: empty(), ..Matrix::default() };
        for (number, (techniques, tactics)) in rules.enumerate() {
            if techniques.is_empty() {
                matrix.untagged.push(number);
            }
            let named: Vec<Tactic> =
                tactics.iter().filter_map(|name| Tactic::from_tag(&format!("attack.{name}"))).collect();
            for id in techniques {
                matrix.add(number, id, &named);
            }
        }
        matrix
    }

    fn add(&mut self, rule: usize, id: &str, named: &[Tactic]) {
        let Some((id, technique)) = catalogue::current(id) else {
            self.unknown.entry(id.to_owned()).or_default().push(rule);
            return;
        };
        let meant = technique.tactics.iter().filter(|tactic| named.contains(tactic));
        let mut meant: Vec<Tactic> = meant.copied().collect();
        if meant.is_empty() {
            meant.clone_from(&technique.tactics);
        }
        for column in self.columns.iter_mut().filter(|column| meant.contains(&column.tactic)) {
            if let Some(cell) = column.cell(id)
                && !cell.rules.contains(&rule)
            {
                cell.rules.push(rule);
            }
        }
    }

    /// How many techniques some rule covers, and how many there are. One that serves several tactics
    /// counts once.
    pub fn covered(&self) -> (usize, usize) {
        let mut all = BTreeSet::new();
        let mut covered = BTreeSet::new();
        for cell in self.columns.iter().flat_map(|column| &column.cells) {
            all.insert(cell.id);
            if !cell.all_rules().is_empty() {
                covered.insert(cell.id);
            }
        }
        (covered.len(), all.len())
    }

    /// The most rules that any one cell has, its sub-techniques' included.
    pub fn most(&self) -> usize {
        let cells = self.columns.iter().flat_map(|column| &column.cells);
        cells.map(|cell| cell.all_rules().len()).max().unwrap_or(0)
    }
}

/// Every technique of the catalogue in the columns of its tactics.
fn empty() -> Vec<Column> {
    let mut columns: Vec<Column> =
        Tactic::ALL.iter().map(|tactic| Column { tactic: *tactic, cells: Vec::new() }).collect();
    let below = |(id, _): &(&str, &Technique)| id.contains('.');
    for column in &mut columns {
        let serving = || catalogue::techniques().filter(|(_, one)| one.tactics.contains(&column.tactic));
        let mut cells: Vec<Cell> = serving().filter(|one| !below(one)).map(Cell::new).collect();
        for (id, technique) in serving().filter(below) {
            let parent = id.split('.').next().unwrap_or(id);
            if let Some(cell) = cells.iter_mut().find(|cell| cell.id == parent) {
                cell.subtechniques.push(Cell::new((id, technique)));
            }
        }
        cells.sort_by_key(|cell| cell.name);
        column.cells = cells;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn matrix(rules: &[(&[&str], &[&str])]) -> Matrix {
        let rules: Vec<_> =
            rules.iter().map(|(techniques, tactics)| (words(techniques), words(tactics))).collect();
        Matrix::of(rules.iter().map(|(techniques, tactics)| (&**techniques, &**tactics)))
    }

    fn cell<'m>(matrix: &'m Matrix, tactic: Tactic, id: &str) -> &'m Cell {
        let column = matrix.columns.iter().find(|column| column.tactic == tactic).unwrap();
        let parent = id.split('.').next().unwrap();
        let cell = column.cells.iter().find(|cell| cell.id == parent).unwrap();
        cell.subtechniques.iter().find(|below| below.id == id).unwrap_or(cell)
    }

    #[test]
    fn a_rule_counts_for_the_tactics_that_it_names() {
        // Scheduled tasks serve execution, persistence and privilege escalation.
        let matrix = matrix(&[
            (&["T1053.005"], &["persistence"]),
            (&["T1053.005", "T1053"], &["impact"]),
            (&[], &["impact"]),
            (&["T9999"], &[]),
        ]);
        assert_eq!(cell(&matrix, Tactic::Persistence, "T1053.005").rules, [0, 1]);
        assert_eq!(cell(&matrix, Tactic::Execution, "T1053.005").rules, [1], "its own tactic fits nowhere");
        assert_eq!(cell(&matrix, Tactic::Execution, "T1053").rules, [1]);
        assert_eq!(cell(&matrix, Tactic::Persistence, "T1053").all_rules(), BTreeSet::from([0, 1]));
        assert_eq!(matrix.untagged, [2]);
        assert_eq!(matrix.unknown["T9999"], [3]);
        let (covered, all) = matrix.covered();
        assert_eq!(covered, 1, "a technique that serves three tactics is one");
        assert!(all > 200);
        assert_eq!(matrix.most(), 2);
    }

    #[test]
    fn columns_stand_in_the_order_of_the_matrix_and_miss_nothing() {
        let matrix = matrix(&[]);
        let order: Vec<Tactic> = matrix.columns.iter().map(|column| column.tactic).collect();
        assert_eq!(order, Tactic::ALL);
        for (id, technique) in catalogue::techniques() {
            for tactic in &technique.tactics {
                assert_eq!(cell(&matrix, *tactic, id).id, id);
            }
        }
    }
}
