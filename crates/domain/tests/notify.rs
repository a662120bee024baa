//! Whom silence protects and for how long, and what happens when nobody answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use domain::Severity;
use domain::notify::{Policy, QuietHours, STORM, is_storm, retry_after};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn released(hours: &QuietHours, now: &str, severity: Severity) -> String {
    hours.release(at(now), severity).to_string()
}

#[test]
fn quiet_hours_hold_back_until_they_end_in_the_persons_own_zone() {
    let night = QuietHours::new("Europe/Berlin", "22:00", "07:00", Severity::High).unwrap();
    // Berlin is an hour ahead of UTC in November: 22:30 and 03:00 there are quiet, noon is not.
    assert_eq!(released(&night, "2026-11-24T21:30:00Z", Severity::Low), "2026-11-25T06:00:00Z");
    assert_eq!(released(&night, "2026-11-25T02:00:00Z", Severity::Medium), "2026-11-25T06:00:00Z");
    assert_eq!(released(&night, "2026-11-25T11:00:00Z", Severity::Low), "2026-11-25T11:00:00Z");
    // The last minute is quiet, the end is not.
    assert_eq!(released(&night, "2026-11-25T05:59:00Z", Severity::Low), "2026-11-25T06:00:00Z");
    assert_eq!(released(&night, "2026-11-25T06:00:00Z", Severity::Low), "2026-11-25T06:00:00Z");
}

#[test]
fn a_severity_breaks_the_quiet() {
    let night = QuietHours::new("Europe/Berlin", "22:00", "07:00", Severity::High).unwrap();
    let now = "2026-11-25T02:00:00Z";
    assert_eq!(released(&night, now, Severity::High), now);
    assert_eq!(released(&night, now, Severity::Critical), now);
}

#[test]
fn the_night_of_the_clock_change_ends_at_the_hour_that_the_wall_shows() {
    let night = QuietHours::new("Europe/Berlin", "22:00", "07:00", Severity::High).unwrap();
    // In the night to 25 October 2026 summer time ends: 07:00 is 06:00 UTC then, and was 05:00 the day before.
    assert_eq!(released(&night, "2026-10-24T21:00:00Z", Severity::Low), "2026-10-25T06:00:00Z");
    assert_eq!(released(&night, "2026-10-23T21:00:00Z", Severity::Low), "2026-10-24T05:00:00Z");
    // An hour that does not exist in spring: the quiet ends when the clock has jumped over it.
    let short = QuietHours::new("Europe/Berlin", "23:00", "02:30", Severity::High).unwrap();
    assert_eq!(released(&short, "2027-03-27T23:30:00Z", Severity::Low), "2027-03-28T01:30:00Z");
}

#[test]
fn hours_within_a_day_and_hours_of_no_length() {
    let lunch = QuietHours::new("UTC", "12:00", "13:00", Severity::Critical).unwrap();
    assert_eq!(released(&lunch, "2026-11-25T12:30:00Z", Severity::High), "2026-11-25T13:00:00Z");
    assert_eq!(released(&lunch, "2026-11-25T13:30:00Z", Severity::High), "2026-11-25T13:30:00Z");
    let none = QuietHours::new("UTC", "12:00", "12:00", Severity::Critical).unwrap();
    assert_eq!(released(&none, "2026-11-25T12:00:00Z", Severity::Low), "2026-11-25T12:00:00Z");
    assert!(QuietHours::new("Nowhere/Here", "12:00", "13:00", Severity::High).is_err());
    assert!(QuietHours::new("UTC", "25:00", "13:00", Severity::High).is_err());
}

#[test]
fn steps_are_read_sorted_and_come_due_after_the_first_message() {
    let policy = Policy::read("30 CHN-2\n\n 5 USR-3 \n15 incident_commander\n").unwrap();
    assert_eq!(policy.to_string(), "5 USR-3\n15 incident_commander\n30 CHN-2\n");
    let raised = at("2026-11-25T23:50:00Z");
    assert_eq!(policy.due(raised, 0), Some(at("2026-11-25T23:55:00Z")));
    assert_eq!(policy.due(raised, 1), Some(at("2026-11-26T00:05:00Z")));
    assert_eq!(policy.due(raised, 3), None, "there are three steps");
    for wrong in ["soon USR-1", "5", "0 USR-1", "-5 USR-1", "999999 USR-1", "5 No Role"] {
        assert!(Policy::read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn attempts_come_further_and_further_apart_and_end() {
    let waits: Vec<_> = (1..).map_while(retry_after).collect();
    assert_eq!(waits.len(), 5);
    assert!(waits.is_sorted() && waits.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn many_at_once_are_a_storm() {
    assert!(!is_storm(STORM) && is_storm(STORM + 1));
}
