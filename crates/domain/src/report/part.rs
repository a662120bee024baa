//! The parts that chapters are made of, and what a template can keep out of all of them.

use crate::words::words;

words! {
    /// What a template can keep out of every chapter.
    pub enum LeaveOut, "thing to leave out" {
        /// Chapters in which nothing is recorded.
        Empty: "empty", "Empty chapters";
    }
}

words! {
    /// What a chapter draws. The label is its heading where the template gives none.
    pub enum Part, "part of a report" {
        /// Nothing but the template's own words.
        Text: "text", "Remarks";
        /// What was left out for the reader's marking.
        LeftOut: "left_out", "What was left out";
        Summary: "summary", "Executive summary";
        Severity: "severity", "Severity and why";
        Impact: "impact", "Impact";
        Timeline: "timeline", "Timeline";
        Milestones: "milestones", "How long it took";
        Response: "response", "Response";
        Decisions: "decisions", "Decisions";
        NextSteps: "next_steps", "What is next";
        Costs: "costs", "Data, effort and costs";
        Obligations: "obligations", "Duties to notify";
        Techniques: "techniques", "ATT&CK techniques";
        Alerts: "alerts", "Alerts";
        Indicators: "indicators", "Indicators and affected assets";
        Evidence: "evidence", "Evidence";
        Conclusions: "conclusions", "Conclusions";
        Approval: "approval", "Approval";
        FullTimeline: "full_timeline", "Annex: the whole timeline";
        Chat: "chat", "Annex: the chat";
        Ledger: "ledger", "Annex: what the ledger says";
    }
}
