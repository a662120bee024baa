//! What a generated store tells: alerts and incidents of an organisation of a few thousand hosts.

use domain::{Entity, EntityKind, IncidentType, Observable, ObservableKind, Phase, Severity, UserId};
use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;
use crate::alert::outside::Outside;
use crate::error::{Error, Result};
use crate::incident::past::Past;

const RULES: [(&str, Severity, &str); 16] = [
    ("Shadow copies deleted", Severity::Critical, "T1490"),
    ("LSASS memory read", Severity::High, "T1003.001"),
    ("PowerShell runs an encoded command", Severity::Medium, "T1059.001"),
    ("Office program starts a shell", Severity::High, "T1204.002"),
    ("New service with a random name", Severity::Medium, "T1543.003"),
    ("Many failed sign-ins followed by one that succeeded", Severity::High, "T1110"),
    ("Mailbox rule forwards everything outside", Severity::High, "T1114.003"),
    ("Beacon to a rare domain", Severity::Medium, "T1071.001"),
    ("Scheduled task made from a temporary folder", Severity::Medium, "T1053.005"),
    ("Archive with a password uploaded", Severity::Medium, "T1560.001"),
    ("Admin account added outside of hours", Severity::High, "T1136.001"),
    ("Port scan inside the network", Severity::Low, "T1046"),
    ("Sign-in from a new country", Severity::Low, "T1078"),
    ("Antivirus switched off", Severity::High, "T1562.001"),
    ("Remote desktop from the internet", Severity::Critical, "T1021.001"),
    ("Certificate utility downloads a file", Severity::Medium, "T1105"),
];
const PLACES: [&str; 8] = ["fin", "hr", "dev", "ops", "lab", "sales", "dc", "web"];
const MISHAPS: [(&str, IncidentType); 9] = [
    ("Ransom note found on", IncidentType::Ransomware),
    ("Password given away in a mail to", IncidentType::Phishing),
    ("Trojan running on", IncidentType::Malware),
    ("Foreign sign-in on", IncidentType::UnauthorisedAccess),
    ("Customer list copied from", IncidentType::DataBreach),
    ("Flood of requests against", IncidentType::DenialOfService),
    ("Files taken along from", IncidentType::Insider),
    ("Lost on a train:", IncidentType::LostDevice),
    ("Poisoned package built into", IncidentType::SupplyChain),
];

pub fn host(chance: &mut Chance) -> String {
    let place = chance.one_of(&PLACES).copied().unwrap_or("pc");
    format!("{place}-{:04}.harbour.example", chance.skewed(600))
}

fn address(chance: &mut Chance) -> String {
    format!("10.{}.{}.{}", chance.below(16), chance.below(256), 1 + chance.below(254))
}

fn outside_address(chance: &mut Chance) -> String {
    format!("203.0.{}.{}", chance.below(256), 1 + chance.below(254))
}

fn digest(chance: &mut Chance) -> String {
    (0..4).map(|_| format!("{:016x}", chance.next())).collect()
}

fn severity(chance: &mut Chance) -> Severity {
    match chance.below(100) {
        0..5 => Severity::Critical,
        5..25 => Severity::High,
        25..65 => Severity::Medium,
        _ => Severity::Low,
    }
}

/// The alert with this number, of a run with this seed.
pub fn alert(seed: u64, number: u64, at: Timestamp) -> Result<Outside> {
    let mut chance = Chance::new(seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let rule = chance.skewed(u64::try_from(RULES.len()).unwrap_or(0));
    let (title, severity, technique) = RULES.get(usize::try_from(rule).unwrap_or(0)).copied().unwrap_or((
        "Detection",
        Severity::Low,
        "T1059",
    ));
    let host = host(&mut chance);
    let description = format!(
        "On {host} ({}), by account harbour\\user{}: C:\\Users\\Public\\{:08x}.exe reached {} (SHA-256 {}).",
        address(&mut chance),
        chance.skewed(3000),
        chance.below(1 << 32),
        outside_address(&mut chance),
        digest(&mut chance)
    );
    Ok(Outside {
        key: format!("bench/{seed}/{number}"),
        title: title.to_owned(),
        description: Some(description),
        severity,
        entity: Entity::new(EntityKind::Host, &host)?,
        at,
        techniques: vec![technique.to_owned()],
        origin: "bench".to_owned(),
        reference: Some(format!("{number}")),
        event: None,
    })
}

/// The incident with this number; the later ones are still open.
pub fn incident(
    seed: u64,
    number: u64,
    open: bool,
    declared_at: Timestamp,
    people: &[UserId],
) -> Result<Past> {
    let mut chance = Chance::new(seed ^ number.wrapping_mul(0x9e6c_63d0_876a_68ee));
    let (mishap, incident_type) =
        chance.one_of(&MISHAPS).copied().unwrap_or(("Something happened on", IncidentType::Other));
    let host = host(&mut chance);
    let sender = format!("invoice{}@supplier{}.example", chance.below(90), chance.skewed(4000));
    let severity = severity(&mut chance);
    let commander = chance
        .one_of(people)
        .copied()
        .ok_or_else(|| Error::Damaged("a store has somebody with an account".to_owned()))?;
    let mut at = declared_at;
    let mut phases = Vec::new();
    for (phase, longest) in [
        (Phase::Assessment, 120),
        (Phase::Containment, 600),
        (Phase::Eradication, 2880),
        (Phase::Recovery, 4320),
        (Phase::Closed, 20_000),
    ] {
        if open && chance.in_hundred(30) {
            break;
        }
        at += SignedDuration::from_mins(i64::try_from(2 + chance.skewed(longest)).unwrap_or(2));
        phases.push((phase, at));
    }
    let value = |kind, text: String| Observable::new(kind, &text);
    Ok(Past {
        title: format!("{mishap} {host}"),
        incident_type,
        severity,
        summary: format!("Reported by {sender}. The host {host} was taken off the network."),
        restricted: chance.in_hundred(3),
        commander,
        declared_at,
        lines: vec![
            (declared_at, format!("{host} isolated; its user called back.")),
            (at, format!("Mail from {sender} removed from {} mailboxes.", 1 + chance.below(400))),
        ],
        phases,
        values: vec![
            value(ObservableKind::Ipv4, outside_address(&mut chance))?,
            value(ObservableKind::Sha256, digest(&mut chance))?,
        ],
    })
}
