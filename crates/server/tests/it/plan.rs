//! The plan that is in force.

use reqwest::Method;

use crate::harness::{answer, client, everywhere, spawn};

#[tokio::test]
async fn the_shipped_plan_is_in_force_from_the_first_start_and_stays() {
    everywhere(|world| async move {
        let plan = world.observer.get("/api/v1/plan").await.expect(200);
        assert_eq!(plan["id"], "PLAN-1", "{}", world.store);
        assert_eq!(plan["plan"]["procedures"].as_array().unwrap().len(), 10);
        assert!(plan["plan"]["chapters"].as_array().unwrap().len() >= 5);

        server::plan::ensure_in_force(&world.app).await.unwrap();
        let again = world.observer.get("/api/v1/plan").await.expect(200);
        assert_eq!(again["id"], "PLAN-1");
        assert_eq!(again["since"], plan["since"]);
    })
    .await;
}

#[tokio::test]
async fn the_matrix_answers_every_question_and_refuses_other_words() {
    let world = spawn().await;
    let mut severities = std::collections::BTreeSet::new();
    for functional in ["none", "low", "medium", "high"] {
        for information in ["none", "suspected", "privacy", "proprietary", "integrity"] {
            for recoverability in ["regular", "supplemented", "extended", "not_recoverable"] {
                let path = format!(
                    "/api/v1/plan/severity?functional={functional}&information={information}&recoverability={recoverability}"
                );
                let proposal = world.responder.get(&path).await.expect(200);
                assert!(!proposal["because"].as_str().unwrap().is_empty());
                severities.insert(proposal["severity"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(severities.len(), 5, "{severities:?}");
    let odd = "/api/v1/plan/severity?functional=some&information=none&recoverability=regular";
    world.responder.get(odd).await.expect(422);
    let more = "/api/v1/plan/severity?functional=low&information=none&recoverability=regular&x=1";
    world.responder.get(more).await.expect(422);
}

#[tokio::test]
async fn each_type_has_its_procedure() {
    let world = spawn().await;
    for kind in domain::IncidentType::ALL {
        let path = format!("/api/v1/plan/procedures/{kind}");
        let procedure = world.observer.get(&path).await.expect(200);
        assert!(!procedure["steps"].as_array().unwrap().is_empty());
    }
    world.observer.get("/api/v1/plan/procedures/flood").await.expect(404);
    let nobody = client(None).request(Method::GET, format!("{}/api/v1/plan", world.base));
    answer(nobody).await.expect(401);
}
