//! Who must be told: from the profile and the facts to clocks that alarm, decisions by two people, and notices that are
//! drafted once, approved by somebody else and recorded as sent.

use jiff::SignedDuration;
use platform::clock::Clock;
use serde_json::{Value, json};

use crate::harness::{As, World, everywhere_with};

const START: &str = "2026-03-06T16:30:00Z";

fn told_at(config: server::Config) -> server::Config {
    server::Config { clock: Clock::manual(START.parse().unwrap()), ..config }
}

async fn declared(by: &As) -> String {
    let incident = json!({
        "title": "Mailbox read by a stranger", "type": "data_breach", "functional": "low", "information": "privacy",
        "recoverability": "regular",
    });
    let made = by.post("/api/v1/incidents", incident).await;
    made.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn profiled(by: &As) {
    let profile = json!({
        "profile": {
            "answers": { "countries": "DE,US", "roles": "important_entity,financial_entity" }, "zone": "Europe/Berlin",
            "contracts": [{ "id": "customer_north", "partner": "North Ltd", "clause": "Clause 14.2",
                "when": "data any personal", "from": "aware", "within": "48 hours" }],
        },
        "reason": "Confirmed by counsel.",
    });
    by_put(by, "/api/v1/obligations/profile", profile).await.expect(200);
}

async fn by_put(by: &As, path: &str, body: Value) -> crate::harness::Answer {
    crate::harness::answer(by.request(reqwest::Method::PUT, path).json(&body)).await
}

fn duty<'v>(view: &'v Value, id: &str) -> &'v Value {
    let duties = view["duties"].as_array().unwrap();
    duties.iter().find(|duty| duty["id"] == id).unwrap_or_else(|| panic!("no {id}"))
}

async fn entries(by: &As, incident: &str) -> String {
    by.get(&format!("/api/v1/incidents/{incident}/entries?limit=200")).await.list().to_string()
}

#[tokio::test]
async fn clocks_run_from_the_facts_alarm_in_time_and_end_with_the_sent_notice() {
    everywhere_with(told_at, |world: World| async move {
        let by = &world.responder;
        let incident = declared(by).await;
        let path = format!("/api/v1/incidents/{incident}/obligations");
        let before = by.get(&path).await.expect(200);
        assert_eq!(before["profiled"], false);
        assert!(by.page(&format!("/incidents/{incident}/obligations")).await.1.contains("Nobody has said yet"));
        by_put(by, "/api/v1/obligations/profile", json!({ "profile": { "answers": {}, "zone": "UTC" }, "reason": "No." })).await.expect(403);
        profiled(&world.manager).await;

        // Undecided at first: the clock runs from the declaration as if the duty applied.
        let open = by.get(&path).await.expect(200);
        assert_eq!(duty(&open, "gdpr_33")["verdict"], "may_apply", "{}", world.store);
        assert_eq!(duty(&open, "gdpr_33")["stages"][0]["deadline"], "2026-03-09T16:30:00Z");
        assert!(open["questions"].as_array().unwrap().iter().any(|one| one["fact"] == "data"));
        let facts = json!({ "answers": { "data": "personal", "acts_as": "controller", "risk_to_people": "risk", "people": "300-1000",
            "significant_incident": "no", "major_ict_incident": "yes", "classified": "2026-03-06T16:00:00Z" } });
        let told = by.post(&format!("{path}/facts"), facts).await.expect(200);
        assert_eq!(duty(&told, "gdpr_33")["verdict"], "applies");
        assert_eq!(duty(&told, "nis2_23")["verdict"], "does_not_apply");
        assert_eq!(duty(&told, "customer_north")["stages"][0]["deadline"], "2026-03-08T16:30:00Z");
        // A correction moves the deadline.
        let corrected = json!({ "answers": { "aware": "2026-03-06T10:00:00Z" } });
        let told = by.post(&format!("{path}/facts"), corrected).await.expect(200);
        assert_eq!(duty(&told, "gdpr_33")["stages"][0]["deadline"], "2026-03-09T10:00:00Z");
        for bad in [json!({ "people": "lots" }), json!({ "mood": "bad" }), json!({ "countries": "DE" })] {
            by.post(&format!("{path}/facts"), json!({ "answers": bad })).await.expect(422);
        }

        // The earliest stands in the bar: DORA's four hours.
        let (_, page) = by.page(&format!("/incidents/{incident}/obligations")).await;
        assert!(page.contains("Report a major ICT-related incident: Initial notification"), "{page}");

        // Alarms: each once, the gravest that is due.
        world.app.clock.advance(SignedDuration::from_hours(3));
        server::obligation::watch::check(&world.app).await.unwrap();
        server::obligation::watch::check(&world.app).await.unwrap();
        let lines = entries(by, &incident).await;
        assert_eq!(lines.matches("Initial notification: 75 % of the time is gone").count(), 1, "{lines}");
        world.app.clock.advance(SignedDuration::from_hours(2));
        server::obligation::watch::check(&world.app).await.unwrap();
        let lines = entries(by, &incident).await;
        assert_eq!(lines.matches("Initial notification: The deadline has passed").count(), 1, "{} {lines}", world.store);
        assert_eq!(lines.matches("90 % of the time").count(), 0);

        // One sheet, every notice; the text stands still from routing on.
        let sheet = json!({ "sections": { "nature": "A mailbox was read.", "contact": "Sample Organisation, privacy@example.org" } });
        by.post(&format!("{path}/sheet"), sheet).await.expect(200);
        let begin = json!({ "duty": "dora_19", "stage": "initial" });
        let notice = by.post(&format!("{path}/notices"), begin.clone()).await.expect(201)["id"].as_str().unwrap().to_owned();
        by.post(&format!("{path}/notices"), begin).await.expect(409);
        let at = format!("{path}/notices/{notice}");
        let text = by.get(&at).await.expect(200);
        let markdown = text["markdown"].as_str().unwrap();
        assert!(markdown.contains("A mailbox was read.") && markdown.contains("after its deadline"), "{markdown}");
        assert!(text["missing"].as_array().unwrap().contains(&json!("Services and functions affected")));
        by.post(&format!("{at}/sent"), json!({ "to": "Authority", "how": "Portal" })).await.expect(409);
        world.manager.post(&format!("{at}/route"), json!({})).await.expect(200);
        // Whoever sent it for approval cannot approve it, nor whoever wrote it, although they command the incident.
        world.manager.post(&format!("{at}/approve"), json!({})).await.expect(409);
        by.post(&format!("{at}/approve"), json!({})).await.expect(409);
        world.admin.post(&format!("{at}/approve"), json!({})).await.expect(200);
        by_put(by, &at, json!({ "sections": { "nature": "Nothing." } })).await.expect(409);
        let sheet = json!({ "sections": { "nature": "Two mailboxes were read." } });
        let told = by.post(&format!("{path}/sheet"), sheet).await.expect(200);
        assert!(told["contradictions"].to_string().contains("Two mailboxes"), "{:#}", told["contradictions"]);
        let sent = json!({ "to": "Authority", "how": "Portal", "receipt": "DORA-77" });
        by.post(&format!("{at}/sent"), json!({ "to": "", "how": "Portal" })).await.expect(422);
        by.post(&format!("{at}/sent"), json!({ "at": "2030-01-01T00:00:00Z", "to": "A", "how": "B" })).await.expect(422);
        by.post(&format!("{at}/sent"), sent).await.expect(200);
        let told = by.get(&path).await.expect(200);
        let dora = duty(&told, "dora_19");
        assert_eq!(dora["stages"][0]["state"], "sent_late");
        // The next stage runs from the sending: 21:30 on 6 March and 72 hours.
        assert_eq!(dora["stages"][1]["deadline"], "2026-03-09T21:30:00Z", "{dora:#}");
        for (format, begins) in [("pdf", "%PDF"), ("md", "# Major ICT")] {
            let (status, bytes) = by.bytes(&format!("{at}/file?format={format}")).await;
            assert!(status == 200 && bytes.starts_with(begins.as_bytes()), "{format}: {status}");
        }
        let (status, page) = by.page(&format!("/incidents/{incident}/obligations/notices/{notice}")).await;
        assert!(status == 200 && page.contains("DORA-77") && page.contains("Sent"));
        let (_, report) = world.manager.bytes(&format!("/api/v1/incidents/{incident}/report?format=md")).await;
        let report = String::from_utf8(report).unwrap();
        assert!(report.contains("Duties to notify") && report.contains("Sent late"), "{report}");
    })
    .await;
}

#[tokio::test]
async fn that_nobody_is_told_is_decided_by_two_people() {
    everywhere_with(told_at, |world: World| async move {
        let by = &world.manager;
        let incident = declared(by).await;
        profiled(by).await;
        let path = format!("/api/v1/incidents/{incident}/obligations");
        let why = json!({ "duty": "gdpr_33", "reason": "The data was encrypted and the key is safe." });
        by.post(&format!("{path}/waivers"), json!({ "duty": "gdpr_33", "reason": " " })).await.expect(422);
        by.post(&format!("{path}/waivers"), json!({ "duty": "none_such", "reason": "No." }))
            .await
            .expect(404);
        let waiver = by.post(&format!("{path}/waivers"), why.clone()).await.expect(201)["id"]
            .as_str()
            .unwrap()
            .to_owned();
        by.post(&format!("{path}/waivers"), why).await.expect(409);
        let own = by.post(&format!("{path}/waivers/{waiver}/approve"), json!({})).await.expect(409);
        assert!(own["detail"].as_str().unwrap().contains("ask somebody else"));
        world.responder.post(&format!("{path}/waivers/{waiver}/approve"), json!({})).await.expect(403);
        world.admin.post(&format!("{path}/waivers/{waiver}/approve"), json!({})).await.expect(200);
        let told = by.get(&path).await.expect(200);
        assert_eq!(duty(&told, "gdpr_33")["waived"], json!(waiver));
        let decisions = by.get(&format!("/api/v1/incidents/{incident}/decisions")).await;
        assert!(
            decisions.body.to_string().contains("Not notifiable: Notify the supervisory authority"),
            "{:#}",
            decisions.body
        );
        let (_, page) = by.page(&format!("/incidents/{incident}/obligations")).await;
        assert!(page.contains("Not notifiable: approved"), "{page}");

        // No alarm for what nobody is owed; withdrawn, it alarms again.
        world.app.clock.advance(SignedDuration::from_hours(40));
        server::obligation::watch::check(&world.app).await.unwrap();
        let lines = entries(by, &incident).await;
        assert!(!lines.contains("Notification within 72 hours: 50 %"), "{} {lines}", world.store);
        world.responder.post(&format!("{path}/waivers/{waiver}/withdraw"), json!({})).await.expect(200);
        let lines = entries(by, &incident).await;
        assert!(lines.contains("Notification within 72 hours: 50 %"), "{lines}");
    })
    .await;
}

#[tokio::test]
async fn pages_take_the_profile_the_facts_and_the_notice_from_forms() {
    everywhere_with(told_at, |world: World| async move {
        let by = &world.manager;
        let incident = declared(by).await;
        let (status, page) = by.page("/settings/obligations").await;
        assert!(status == 200 && page.contains("who we are"));
        let form = [
            ("asked", "countries"),
            ("fact.countries", "DE"),
            ("asked", "roles"),
            ("fact.roles", "important_entity"),
            ("fact.roles", "trust_service_provider"),
            ("zone", "Europe/Berlin"),
            ("holidays", "2026-06-04"),
            ("followed", "gdpr_omnibus"),
            ("reason", "Confirmed."),
        ];
        let (status, body) = by.form("/settings/obligations", &form).await;
        assert_eq!(status, 303, "{body}");
        let contract = [
            ("id", "customer_north"),
            ("partner", "North Ltd"),
            ("clause", "14.2"),
            ("when", "data any personal"),
            ("from", "aware"),
            ("within", "48 hours"),
        ];
        assert_eq!(by.form("/settings/obligations/contracts", &contract).await.0, 303);
        let (status, body) = by.form("/settings/obligations/contracts", &contract).await;
        assert!(status == 422 && body.contains("Two contracts"), "{status} {body}");
        let now = by.get("/api/v1/obligations/profile").await.expect(200)[0]["profile"].clone();
        assert_eq!(now["answers"]["roles"], "important_entity,trust_service_provider");
        assert_eq!(now["contracts"][0]["partner"], "North Ltd");

        let facts = [
            ("asked", "data"),
            ("fact.data", "personal"),
            ("fact.data", "health"),
            ("asked", "aware"),
            ("fact.aware", "2026-03-06T11:00:00"),
            ("asked", "people"),
            ("fact.people", ""),
        ];
        let at = format!("/incidents/{incident}/obligations");
        assert_eq!(by.form(&format!("{at}/facts"), &facts).await.0, 303);
        let told = by.get(&format!("/api/v1{at}")).await.expect(200);
        assert_eq!(told["answers"]["data"], "health,personal");
        // The field is in the organisation's zone.
        assert_eq!(told["answers"]["aware"], "2026-03-06T10:00:00Z");
        assert!(told["answers"].get("people").is_none());
        let (_, page) = by.page(&at).await;
        assert!(
            page.contains("North Ltd")
                && page.contains("Regulation 1182/71")
                && page.contains("Draft the notice")
        );

        assert_eq!(
            by.form(&format!("{at}/sheet"), &[("section.nature", "<b>Read</b> by a stranger.")]).await.0,
            303
        );
        let begin = [("duty", "gdpr_33"), ("stage", "notification")];
        let (status, _) = by.form(&format!("{at}/notices"), &begin).await;
        assert_eq!(status, 303);
        let (status, page) = by.page(&format!("{at}/notices/NTC-1")).await;
        assert!(status == 200 && !page.contains("<b>Read</b>"), "{page}");
        assert_eq!(by.form(&format!("{at}/notices/NTC-1"), &[("section.nature", "Read.")]).await.0, 303);
        assert_eq!(by.form(&format!("{at}/notices/NTC-1/route"), &[]).await.0, 303);
        assert_eq!(world.admin.form(&format!("{at}/notices/NTC-1/approve"), &[]).await.0, 303);
        let sent = [("at", "2026-03-06T17:00:00"), ("to", "Authority"), ("how", "Web form"), ("receipt", "")];
        assert_eq!(by.form(&format!("{at}/notices/NTC-1/sent"), &sent).await.0, 303);
        let waive = [("duty", "customer_north"), ("reason", "Their data is not in it.")];
        assert_eq!(by.form(&format!("{at}/waivers"), &waive).await.0, 303);
        assert_eq!(world.admin.form(&format!("{at}/waivers/NND-1/approve"), &[]).await.0, 303);
        // A contract that is gone leaves the notice that was begun for it on record.
        let begin = [("duty", "customer_north"), ("stage", "notice")];
        assert_eq!(by.form(&format!("{at}/notices"), &begin).await.0, 303);
        assert_eq!(by.form("/settings/obligations/contracts/customer_north/remove", &[]).await.0, 303);
        let (status, page) = by.page(&at).await;
        assert!(status == 200 && page.contains("NTC-2"), "{page}");

        // Two people at once: what one did not touch is not put back to what it was.
        let sheet = |was: &'static str, text: &'static str| {
            [("was.nature", was), ("section.nature", text), ("was.timing", ""), ("section.timing", "")]
        };
        let before = "<b>Read</b> by a stranger.";
        assert_eq!(
            by.form(&format!("{at}/sheet"), &[("was.timing", ""), ("section.timing", "At night.")]).await.0,
            303
        );
        assert_eq!(world.admin.form(&format!("{at}/sheet"), &sheet(before, "Copied, too.")).await.0, 303);
        let (_, page) = by.page(&format!("{at}/sheet")).await;
        assert!(page.contains("At night.") && page.contains("Copied, too."), "{page}");
        let fact = [("asked", "ransomware"), ("was.ransomware", ""), ("fact.ransomware", "yes")];
        assert_eq!(by.form(&format!("{at}/facts"), &fact).await.0, 303);
        let stale = [("asked", "ransomware"), ("was.ransomware", ""), ("fact.ransomware", "")];
        assert_eq!(world.admin.form(&format!("{at}/facts"), &stale).await.0, 303);
        let told = by.get(&format!("/api/v1{at}")).await.expect(200);
        assert_eq!(told["answers"]["ransomware"], "yes", "{}", told["answers"]);
    })
    .await;
}
