//! The parts that chapters are made of, and what each needs.

use crate::words::words;

words! {
    /// What a report spans.
    pub enum About, "span of a report" {
        Incident: "incident", "One incident";
        /// All incidents of a week, a month or another stretch of days that the reader may see.
        Period: "period", "A period";
    }
}

words! {
    /// What a template can keep out of every chapter.
    pub enum LeaveOut, "thing to leave out" {
        /// Chapters in which nothing is recorded.
        Empty: "empty", "Empty chapters";
        /// The names of people with an account here.
        People: "people", "Names of people";
        /// What people noted on observables and assets.
        Notes: "notes", "Notes";
    }
}

words! {
    /// What a chapter draws. The label is its heading where the template gives none.
    pub enum Part, "part of a report" {
        /// Nothing but the template's own words.
        Text: "text", "Remarks";
        /// What was left out for the reader's marking.
        LeftOut: "left_out", "What was left out";

        // Of one incident.
        AtAGlance: "at_a_glance", "At a glance";
        Summary: "summary", "Executive summary";
        Severity: "severity", "Severity and why";
        Impact: "impact", "Impact";
        Timeline: "timeline", "Timeline";
        Milestones: "milestones", "How long it took";
        Response: "response", "Response";
        Decisions: "decisions", "Decisions";
        NextSteps: "next_steps", "What is next";
        Costs: "costs", "Data, effort and costs";
        Techniques: "techniques", "ATT&CK techniques";
        Alerts: "alerts", "Alerts";
        Indicators: "indicators", "Indicators and affected assets";
        Evidence: "evidence", "Evidence";
        EvidenceItems: "evidence_items", "Items in detail";
        WentWell: "went_well", "What went as planned, and what did not";
        Questions: "questions", "Questions for the review";
        Conclusions: "conclusions", "Conclusions";
        Improvements: "improvements", "Lessons and recommendations";
        Approval: "approval", "Approval";
        FullTimeline: "full_timeline", "Annex: the whole timeline";
        Chat: "chat", "Annex: the chat";
        Ledger: "ledger", "Annex: what the ledger says";

        // Of a period.
        Figures: "figures", "The period in figures";
        Opened: "opened", "Opened";
        Closed: "closed", "Closed";
        Open: "open", "Open by severity and phase";
        Late: "late", "Late work";
        Types: "types", "By type";
        Trend: "trend", "Trend";
        Weighty: "weighty_decisions", "Decisions of weight";
        Times: "times", "Response times";
        TimesBySeverity: "times_by_severity", "By severity";
        TimesByType: "times_by_type", "By type of incident";
        TimesTrend: "times_trend", "Trend of response times";
        Targets: "targets", "The plan's metrics and their targets";
    }
}

impl Part {
    /// What it is about; none for parts that fit every report.
    pub fn about(self) -> Option<About> {
        match self {
            Self::Text | Self::LeftOut => None,
            Self::Figures
            | Self::Opened
            | Self::Closed
            | Self::Open
            | Self::Late
            | Self::Types
            | Self::Trend
            | Self::Weighty
            | Self::Times
            | Self::TimesBySeverity
            | Self::TimesByType
            | Self::TimesTrend
            | Self::Targets => Some(About::Period),
            _ => Some(About::Incident),
        }
    }
}
