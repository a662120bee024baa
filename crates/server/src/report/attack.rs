//! Which tactics an ATT&CK technique serves, in words.

use domain::attack::{Tactic, catalogue};

/// The name of a technique, with that of its parent, and the labels of its tactics.
pub fn describe(id: &str) -> Option<(String, String)> {
    let (_, technique) = catalogue::current(id)?;
    let tactics: Vec<&str> = technique.tactics.iter().map(|tactic| Tactic::label(*tactic)).collect();
    Some((catalogue::full_name(id)?, tactics.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn techniques_have_names_and_tactics() {
        let (name, tactics) = describe("T1059.001").unwrap();
        assert_eq!(name, "Command and Scripting Interpreter: PowerShell");
        assert_eq!(tactics, "Execution");
        assert!(describe("T1562.001").is_some(), "an id of an older version");
        assert!(describe("T9999").is_none());
    }
}
