//! The plan as people read it: whole, with every role and procedure, and with nothing that runs.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};

use crate::harness::{World, client, everywhere, spawn};

/// Text as a page holds it.
fn escaped(text: &str) -> String {
    maud::html! { (text) }.into_string()
}

async fn plan(world: &World) -> Plan {
    let told = world.observer.get("/api/v1/plan").await.expect(200);
    serde_json::from_value(told["plan"].clone()).unwrap()
}

/// A page that an observer may read.
async fn read(world: &World, path: &str) -> String {
    let (status, page) = world.observer.page(path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {page}");
    page
}

#[tokio::test]
async fn the_plan_is_one_document_with_all_its_parts() {
    everywhere(|world| async move {
        let (plan, page) = (plan(&world).await, read(&world, "/plan").await);
        assert!(page.contains("PLAN-1, version 1.0.0"), "{}", world.store);
        for role in &plan.roles {
            assert!(page.contains(&format!("id=\"role-{}\"", role.id)), "{}", role.id);
            // Its card, and its place in the chain of command.
            let in_chain =
                format!("<a class=\"chain-role\" href=\"#role-{}\">{}", role.id, escaped(&role.title));
            assert_eq!(page.matches(&in_chain).count(), 1, "{}", role.id);
            for duty in &role.responsibilities {
                assert!(page.contains(&escaped(duty)), "{duty}");
            }
        }
        for procedure in &plan.procedures {
            assert!(page.contains(&format!("href=\"/plan/procedures/{}\"", procedure.incident_type)));
            assert!(page.contains(&escaped(&procedure.title)), "{}", procedure.title);
        }
        for channel in plan.channels.all() {
            assert!(page.contains(&escaped(&channel.name)), "{}", channel.name);
        }
        for rule in &plan.notifications {
            assert!(page.contains(&format!("id=\"notification-{}\"", rule.id)), "{}", rule.id);
        }
        for (level, text) in plan.severity.levels.iter().flat_map(|level| {
            level.examples.iter().chain(&level.response).map(move |text| (level.severity, text))
        }) {
            assert!(page.contains(&escaped(text)), "{level}: {text}");
        }
        for text in plan.evidence.principles.iter().chain(&plan.review.also_when) {
            assert!(page.contains(&escaped(text)), "{text}");
        }
        assert_eq!(page.matches("id=\"chapter-").count(), plan.chapters.len());
        assert!(page.contains("<h2>At three in the morning</h2>"));
    })
    .await;
}

#[tokio::test]
async fn every_link_within_the_plan_leads_somewhere() {
    let world = spawn().await;
    let page = read(&world, "/plan").await;
    let mut links = 0;
    for target in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let Some(id) = target.strip_prefix('#').or_else(|| target.strip_prefix("/plan#")) else { continue };
        assert!(page.contains(&format!("id=\"{id}\"")), "{target} leads nowhere");
        links += 1;
    }
    assert!(links > 50, "{links}");
}

#[tokio::test]
async fn the_matrix_is_shown_for_one_recoverability_and_printed_for_all() {
    let world = spawn().await;
    for (query, chosen) in [("", "regular"), ("?recoverability=not_recoverable", "not recoverable")] {
        let page = read(&world, &format!("/plan{query}")).await;
        let matrices = page.split("class=\"matrix-name\"").skip(1).count();
        assert_eq!(matrices, 4);
        assert_eq!(page.matches("<div class=\"paper-only\"><h3 class=\"matrix-name\"").count(), 3);
        let shown = format!("<div><h3 class=\"matrix-name\">Recoverability: {chosen} ");
        assert!(page.contains(&shown), "{query}");
    }
    let (status, _) = world.observer.page("/plan?recoverability=perhaps").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn procedures_show_every_step_and_lead_to_an_incident() {
    let world = spawn().await;
    let plan = plan(&world).await;
    let overview = read(&world, "/plan/procedures").await;
    for procedure in &plan.procedures {
        let address = format!("/plan/procedures/{}", procedure.incident_type);
        assert!(overview.contains(&format!("href=\"{address}\"")), "{address}");
        assert!(overview.contains(&escaped(&procedure.when_to_use)), "{address}");

        let page = read(&world, &address).await;
        assert_eq!(page.matches("class=\"step\"").count(), procedure.steps.len(), "{address}");
        for step in &procedure.steps {
            assert!(
                page.contains(&escaped(&step.title)) && page.contains(&escaped(&step.text)),
                "{}",
                step.id
            );
            let codes = step.attack.iter().map(ToString::to_string);
            for code in codes.chain(step.d3fend.iter().map(ToString::to_string)) {
                assert!(page.contains(&format!(">{code}</span>")), "{address} {code}");
            }
        }
        let declare = format!("/incidents/declare?type={}", procedure.incident_type);
        assert!(!page.contains(&declare), "an observer declares nothing");
        let (_, page) = world.responder.page(&address).await;
        assert!(page.contains(&declare), "{address}");
    }
}

#[tokio::test]
async fn who_is_not_in_reads_nothing_and_no_type_is_made_up() {
    let world = spawn().await;
    let (status, _) = world.observer.page("/plan/procedures/boredom").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for path in ["/plan", "/plan/procedures", "/plan/procedures/ransomware"] {
        let request = client(None).request(Method::GET, format!("{}{path}", world.base));
        let answer = request.header("accept", "text/html").send().await.unwrap();
        assert_ne!(answer.status(), StatusCode::OK, "{path}");
        assert!(!answer.text().await.unwrap().contains("class=\"step\""), "{path}");
    }
}
