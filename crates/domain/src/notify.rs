//! The rules of telling people: which kinds of message there are, when somebody's quiet hours hold one back, when an
//! unanswered one goes to the next, when a failed one is tried again, and when many become one digest.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::plan::RoleKey;
use crate::words::{as_text, words};
use crate::{ChannelId, Error, Severity, UserId};

words! {
    /// What a message is about.
    pub enum Matter, "matter of a notification" {
        Muster: "muster", "Call to come";
        Approval: "approval", "Approval asked";
        Clock: "clock", "Time ran out";
        Mention: "mention", "Named in the chat";
    }
}

words! {
    /// The protocol that a channel speaks.
    pub enum ChannelKind, "kind of channel" {
        Smtp: "smtp", "E-mail (SMTP)";
        Webhook: "webhook", "Signed webhook";
        Slack: "slack", "Slack";
        Teams: "teams", "Microsoft Teams";
        Mattermost: "mattermost", "Mattermost";
        Matrix: "matrix", "Matrix";
        Ntfy: "ntfy", "ntfy";
        Pagerduty: "pagerduty", "PagerDuty";
        Opsgenie: "opsgenie", "Opsgenie";
        Sms: "sms", "SMS (Twilio's form)";
    }
}

words! {
    /// Where a message to one address stands.
    pub enum DeliveryState, "state of a delivery" {
        Waiting: "waiting", "Waiting";
        Sending: "sending", "Being sent";
        Sent: "sent", "Sent";
        Failed: "failed", "Failed";
        Needless: "needless", "No longer needed";
    }
}

impl Matter {
    /// Whether nobody's silence is taken for an answer: the message goes on to others until somebody acknowledges.
    pub const fn escalates(self) -> bool {
        !matches!(self, Self::Mention)
    }
}

/// The hours in which somebody is left alone, in their own zone. They may go over midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietHours {
    zone: TimeZone,
    from: Time,
    to: Time,
    /// From this severity on, hours do not count.
    breaks: Severity,
}

impl QuietHours {
    /// `from` and `to` as `22:00`, `zone` as `Europe/Berlin`.
    pub fn new(zone: &str, from: &str, to: &str, breaks: Severity) -> Result<Self, Error> {
        let malformed =
            |what, value: &str, example| Error::Malformed { what, value: value.to_owned(), example };
        let time =
            |text: &str| text.parse::<Time>().map_err(|_| malformed("an hour of the day", text, "22:00"));
        let known = TimeZone::get(zone).map_err(|_| malformed("a time zone", zone, "Europe/Berlin"))?;
        Ok(Self { zone: known, from: time(from)?, to: time(to)?, breaks })
    }

    /// When a message of this severity may go out: at once, or when the quiet ends.
    pub fn release(&self, now: Timestamp, severity: Severity) -> Timestamp {
        if severity >= self.breaks || self.from == self.to {
            return now;
        }
        let here = now.to_zoned_datetime(self.zone.clone());
        let (date, time) = (here.date(), here.time());
        let over_midnight = self.from > self.to;
        let quiet = if over_midnight {
            time >= self.from || time < self.to
        } else {
            time >= self.from && time < self.to
        };
        if !quiet {
            return now;
        }
        let day = if over_midnight && time >= self.from { date.tomorrow().unwrap_or(date) } else { date };
        // In a gap of the zone the hour after it counts.
        let end = day.to_datetime(self.to).to_zoned_datetime(self.zone.clone()).map(|end| end.timestamp());
        end.unwrap_or(now).max(now)
    }
}

/// Whom a step of the escalation tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Person(UserId),
    /// All who hold a role of the plan.
    Role(RoleKey),
    /// A channel that a team reads.
    Channel(ChannelId),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => write!(f, "{person}"),
            Self::Role(role) => f.write_str(role.as_str()),
            Self::Channel(channel) => write!(f, "{channel}"),
        }
    }
}

impl FromStr for Target {
    type Err = Error;

    /// `USR-3`, `CHN-1` or the key of a role.
    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(person) = text.parse() {
            return Ok(Self::Person(person));
        }
        if let Ok(channel) = text.parse() {
            return Ok(Self::Channel(channel));
        }
        text.parse().map(Self::Role)
    }
}

as_text!(Target);

/// One step: who is told when nobody has answered for so long.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// Minutes after the first message.
    pub after: i64,
    pub to: Target,
}

/// What happens to a message that nobody acknowledges. Steps stand in the order of their time.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    pub steps: Vec<Step>,
}

impl Policy {
    /// The longest that a step may wait, in minutes: a week.
    pub const LONGEST: i64 = 7 * 24 * 60;

    /// Reads lines of `MINUTES TARGET`, such as `15 incident_commander`.
    pub fn read(lines: &str) -> Result<Self, Error> {
        let mut steps = Vec::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let wrong = || Error::Malformed {
                what: "a step of the escalation",
                value: line.to_owned(),
                example: "15 incident_commander",
            };
            let (after, to) = line.split_once(char::is_whitespace).ok_or_else(wrong)?;
            let after: i64 = after.parse().map_err(|_| wrong())?;
            if !(1..=Self::LONGEST).contains(&after) {
                return Err(wrong());
            }
            steps.push(Step { after, to: to.trim().parse().map_err(|_| wrong())? });
        }
        steps.sort_by_key(|step| step.after);
        Ok(Self { steps })
    }

    /// When the step with this place is due for a message that was raised at `raised`.
    pub fn due(&self, raised: Timestamp, place: usize) -> Option<Timestamp> {
        let step = self.steps.get(place)?;
        raised.checked_add(SignedDuration::from_mins(step.after)).ok()
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{} {}", step.after, step.to))
    }
}

/// How long to wait before a message that failed for the `attempts`-th time is tried again. `None`: no more.
pub fn retry_after(attempts: i64) -> Option<SignedDuration> {
    let seconds = match attempts {
        ..=1 => 15,
        2 => 60,
        3 => 5 * 60,
        4 => 15 * 60,
        5 => 60 * 60,
        _ => return None,
    };
    Some(SignedDuration::from_secs(seconds))
}

/// How many messages to one address at once are still sent one by one.
pub const STORM: usize = 5;

/// Whether so many messages to one address at once become one digest.
pub const fn is_storm(waiting: usize) -> bool {
    waiting > STORM
}
