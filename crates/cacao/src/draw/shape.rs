//! What a step looks like: its size, its words, its outline.

use crate::{Step, StepKind};

const WIDTH: f64 = 214.0;
const HEIGHT: f64 = 62.0;
const PILL_WIDTH: f64 = 118.0;
const PILL_HEIGHT: f64 = 36.0;
const DOT: f64 = 24.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

impl Size {
    pub fn of(step: &Step) -> Self {
        match step.kind {
            // The end of a branch has seldom a name, and needs no more than a dot.
            StepKind::End(_) if step.name.is_none() => Self { width: DOT, height: DOT },
            StepKind::Start(_) | StepKind::End(_) => Self { width: PILL_WIDTH, height: PILL_HEIGHT },
            _ => Self { width: WIDTH, height: HEIGHT },
        }
    }
}

/// The words above a step's name: what it is, and for an action by what.
pub(super) fn caption(step: &Step) -> String {
    match &step.kind {
        StepKind::Action(action) => {
            let mut kinds: Vec<&str> = action.commands.iter().map(|command| command.kind.as_str()).collect();
            kinds.dedup();
            let by = step.policy().ok().and_then(|policy| policy.role);
            match by {
                Some(role) => format!("{} · {}", kinds.join(" + "), role.replace('_', " ")),
                None => kinds.join(" + "),
            }
        }
        StepKind::PlaybookAction(_) => "playbook".to_owned(),
        StepKind::Parallel(_) => "at the same time".to_owned(),
        StepKind::IfCondition(choice) => format!("if {}", bare(&choice.condition)),
        StepKind::WhileCondition(choice) => format!("while {}", bare(&choice.condition)),
        StepKind::SwitchCondition(choice) => format!("switch {}", bare(&choice.switch)),
        StepKind::Start(_) | StepKind::End(_) => String::new(),
    }
}

/// A condition without what surrounds a variable's name: there is little room.
fn bare(condition: &str) -> String {
    condition.replace("__:value", "").replace("__", "")
}

/// The outline as SVG elements, around its centre; `class` goes on the main one.
pub(super) fn outline(step: &Step, x: f64, y: f64, size: Size) -> String {
    let (w, h) = (size.width, size.height);
    let (left, top, right, bottom) = (x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0);
    let rect = |radius: f64, more: &str| {
        format!(
            "<rect class=\"body\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"{radius}\"{more}/>"
        )
    };
    let bar = |x: f64| format!("<path class=\"mark\" d=\"M{x:.1} {top:.1}V{bottom:.1}\"/>");
    let polygon = |points: &[(f64, f64)]| {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        format!("<polygon class=\"body\" points=\"{}\"/>", points.join(" "))
    };
    match &step.kind {
        StepKind::Start(_) => rect(h / 2.0, ""),
        StepKind::End(_) => {
            let inner = format!(
                "<rect class=\"mark\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{}\"/>",
                left + 4.0,
                top + 4.0,
                w - 8.0,
                h - 8.0,
                h / 2.0 - 4.0
            );
            rect(h / 2.0, "") + &inner
        }
        StepKind::Action(_) => rect(9.0, ""),
        StepKind::PlaybookAction(_) => rect(2.0, "") + &bar(left + 8.0) + &bar(right - 8.0),
        StepKind::Parallel(_) => {
            let line = |y: f64| format!("<path class=\"thick\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>");
            rect(0.0, "") + &line(top) + &line(bottom)
        }
        StepKind::IfCondition(_) => polygon(&[
            (left, y),
            (left + 18.0, top),
            (right - 18.0, top),
            (right, y),
            (right - 18.0, bottom),
            (left + 18.0, bottom),
        ]),
        StepKind::WhileCondition(_) => {
            let turn = format!(
                "<path class=\"mark\" d=\"M{:.1} {:.1}a7 7 0 1 0 3 6m-3 -11v5h-5\"/>",
                right - 22.0,
                top + 12.0
            );
            polygon(&[
                (left, y),
                (left + 18.0, top),
                (right - 18.0, top),
                (right, y),
                (right - 18.0, bottom),
                (left + 18.0, bottom),
            ]) + &turn
        }
        StepKind::SwitchCondition(_) => {
            polygon(&[(left + 18.0, top), (right - 18.0, top), (right, bottom), (left, bottom)])
        }
    }
}
