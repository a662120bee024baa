//! A matrix as a layer of the ATT&CK Navigator, file format 4.5
//! (<https://github.com/mitre-attack/attack-navigator/blob/master/layers/LAYERFORMATv4_5.md>).

use serde_json::{Value, json};

use super::{Cell, Matrix, Tactic, catalogue};

/// The layer: each technique that a rule names, in each tactic that it names it for, with the number of
/// rules as its score and their titles as its comment. `title` tells a rule's by its position.
pub fn layer<'t>(matrix: &Matrix, name: &str, description: &str, title: impl Fn(usize) -> &'t str) -> Value {
    let mut techniques = Vec::new();
    let mut most = 1;
    let mut add = |tactic: Tactic, cell: &Cell, open: bool| {
        if cell.rules.is_empty() && !open {
            return;
        }
        let titles: Vec<&str> = cell.rules.iter().map(|rule| title(*rule)).collect();
        let mut technique = json!({
            "techniqueID": cell.id,
            "tactic": tactic.to_string(),
            "enabled": true,
            "showSubtechniques": open,
        });
        if let Some(fields) = technique.as_object_mut().filter(|_| !titles.is_empty()) {
            most = most.max(titles.len());
            fields.insert("score".to_owned(), json!(titles.len()));
            fields.insert("comment".to_owned(), json!(titles.join("\n")));
        }
        techniques.push(technique);
    };
    for column in &matrix.columns {
        for cell in &column.cells {
            let open = cell.subtechniques.iter().any(|below| !below.rules.is_empty());
            add(column.tactic, cell, open);
            for below in &cell.subtechniques {
                add(column.tactic, below, false);
            }
        }
    }
    json!({
        "name": name,
        "versions": { "attack": catalogue::version(), "navigator": "5.1.0", "layer": "4.5" },
        "domain": "enterprise-attack",
        "description": description,
        "sorting": 0,
        "layout": {
            "layout": "side",
            "showID": true,
            "showName": true,
            "showAggregateScores": true,
            "countUnscored": false,
            "aggregateFunction": "sum",
            "expandedSubtechniques": "annotated",
        },
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": { "colors": ["#dbeafe", "#1d4ed8"], "minValue": 1, "maxValue": most.max(2) },
        "legendItems": [],
        "showTacticRowBackground": false,
        "selectTechniquesAcrossTactics": false,
        "selectSubtechniquesWithParent": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_technique_has_its_rules_as_score_and_comment() {
        let rules = [
            (vec!["T1053.005".to_owned()], vec!["execution".to_owned()]),
            (vec!["T1053.005".to_owned(), "T1486".to_owned()], vec!["execution".to_owned()]),
        ];
        let matrix = Matrix::of(rules.iter().map(|(techniques, tactics)| (&**techniques, &**tactics)));
        let layer = layer(&matrix, "Rules", "All of them", |rule| ["first", "second"][rule]);
        assert_eq!(layer["versions"]["layer"], "4.5");
        assert_eq!(layer["domain"], "enterprise-attack");
        assert_eq!(layer["gradient"]["maxValue"], 2);
        let techniques: Vec<(&str, &str, Option<u64>)> = layer["techniques"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (one["techniqueID"].as_str().unwrap(), one["tactic"].as_str().unwrap(), one["score"].as_u64())
            })
            .collect();
        let expected =
            [("T1053", "execution", None), ("T1053.005", "execution", Some(2)), ("T1486", "impact", Some(1))];
        assert_eq!(techniques, expected);
        assert_eq!(layer["techniques"][1]["comment"], "first\nsecond");
        assert_eq!(layer["techniques"][0]["showSubtechniques"], true, "or its parts would not be seen");
    }
}
