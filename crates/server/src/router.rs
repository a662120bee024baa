//! The one list of routes. [`ROUTES`] says what each needs, and the gate serves nothing that is not in
//! it; the slices say which handler answers. A generated test walks the same list with every role.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use domain::Permission;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::error::{Error, Problem};
use crate::web::{assets, download, gate, live, openapi, problem};
use crate::{alert, audit, event, evidence, identity, incident, intake, plan, playbook, report, source};

/// What a route needs of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// Anybody who is signed in.
    SignIn,
    May(Permission),
}

use Needs::{May, Nothing, SignIn};
use Permission as P;

/// Method, path, need. Grouped by slice.
pub const ROUTES: &[(&str, &str, Needs)] = &[
    // web
    ("GET", "/assets/{*path}", Nothing),
    ("GET", "/healthz", Nothing),
    ("GET", "/live", SignIn),
    ("GET", "/api", SignIn),
    ("GET", "/api/openapi.json", Nothing),
    // identity
    ("GET", "/setup", Nothing),
    ("POST", "/setup", Nothing),
    ("GET", "/login", Nothing),
    ("POST", "/login", Nothing),
    ("POST", "/logout", SignIn),
    ("GET", "/settings", SignIn),
    ("POST", "/settings/password", SignIn),
    ("POST", "/settings/accounts", May(P::ManageUsers)),
    ("POST", "/settings/accounts/{id}", May(P::ManageUsers)),
    ("POST", "/settings/keys", SignIn),
    ("POST", "/settings/keys/{id}/revoke", SignIn),
    ("GET", "/api/v1/me", SignIn),
    ("GET", "/api/v1/accounts", May(P::ReadAlerts)),
    ("POST", "/api/v1/accounts", May(P::ManageUsers)),
    ("PATCH", "/api/v1/accounts/{id}", May(P::ManageUsers)),
    ("GET", "/api/v1/keys", SignIn),
    ("POST", "/api/v1/keys", SignIn),
    ("DELETE", "/api/v1/keys/{id}", SignIn),
    // event
    ("GET", "/events/{id}", May(P::ReadAlerts)),
    ("GET", "/api/v1/deliveries", May(P::ReadAlerts)),
    ("GET", "/api/v1/deliveries/{id}", May(P::ReadAlerts)),
    ("GET", "/api/v1/events/{id}", May(P::ReadAlerts)),
    ("GET", "/api/v1/events/{id}/raw", May(P::ReadAlerts)),
    // intake
    ("GET", "/intake", May(P::ReadAlerts)),
    ("POST", "/intake", May(P::Ingest)),
    ("GET", "/intake/{id}", May(P::ReadAlerts)),
    ("POST", "/api/v1/intake", May(P::Ingest)),
    // Intake as other products' clients speak it: Elasticsearch, Splunk's HEC, OTLP.
    ("GET", "/elastic", May(P::Ingest)),
    ("GET", "/elastic/", May(P::Ingest)),
    ("GET", "/elastic/_license", May(P::Ingest)),
    ("GET", "/elastic/_xpack", May(P::Ingest)),
    ("GET", "/elastic/_cluster/health", May(P::Ingest)),
    ("GET", "/elastic/_cat/health", May(P::Ingest)),
    ("GET", "/elastic/_index_template/{name}", May(P::Ingest)),
    ("GET", "/elastic/_template/{name}", May(P::Ingest)),
    ("GET", "/elastic/_ilm/policy/{name}", May(P::Ingest)),
    ("GET", "/elastic/_ingest/pipeline/{name}", May(P::Ingest)),
    ("POST", "/elastic/_bulk", May(P::Ingest)),
    ("PUT", "/elastic/_bulk", May(P::Ingest)),
    ("POST", "/elastic/{index}/_bulk", May(P::Ingest)),
    ("PUT", "/elastic/{index}/_bulk", May(P::Ingest)),
    ("POST", "/elastic/{index}/_doc", May(P::Ingest)),
    ("POST", "/services/collector", May(P::Ingest)),
    ("POST", "/services/collector/event", May(P::Ingest)),
    ("POST", "/services/collector/event/1.0", May(P::Ingest)),
    ("POST", "/services/collector/raw", May(P::Ingest)),
    ("POST", "/services/collector/raw/1.0", May(P::Ingest)),
    ("POST", "/services/collector/ack", May(P::Ingest)),
    ("GET", "/services/collector/health", Nothing),
    ("GET", "/services/collector/health/1.0", Nothing),
    ("POST", "/v1/logs", May(P::Ingest)),
    // Alerts from other tools, in TheHive's and DFIR-IRIS's shapes.
    ("POST", "/api/alert", May(P::Ingest)),
    ("POST", "/thehive/api/alert", May(P::Ingest)),
    ("POST", "/thehive/api/v1/alert", May(P::Ingest)),
    ("GET", "/thehive/api/alert/{id}", May(P::ReadAlerts)),
    ("GET", "/thehive/api/v1/alert/{id}", May(P::ReadAlerts)),
    ("GET", "/iris/api/ping", May(P::Ingest)),
    ("GET", "/iris/api/versions", May(P::Ingest)),
    ("POST", "/iris/alerts/add", May(P::Ingest)),
    ("GET", "/iris/alerts/{id}", May(P::ReadAlerts)),
    ("POST", "/api/v1/sources/{name}/events", May(P::Ingest)),
    ("POST", "/api/v1/webhooks/{name}", May(P::Ingest)),
    ("GET", "/api/v1/sources/{id}/mapping", May(P::ReadAlerts)),
    ("PUT", "/api/v1/sources/{id}/mapping", May(P::TriageAlerts)),
    ("POST", "/api/v1/sources/{id}/mapping/try", May(P::TriageAlerts)),
    ("POST", "/sources", May(P::TriageAlerts)),
    ("GET", "/sources/{id}/mapping", May(P::ReadAlerts)),
    ("POST", "/sources/{id}/mapping", May(P::TriageAlerts)),
    ("POST", "/sources/{id}/mapping/try", May(P::TriageAlerts)),
    ("GET", "/api/v1/quarantine", May(P::ReadAlerts)),
    ("GET", "/api/v1/quarantine/{number}/raw", May(P::ReadAlerts)),
    ("POST", "/api/v1/quarantine/replay", May(P::TriageAlerts)),
    ("POST", "/api/v1/quarantine/discard", May(P::TriageAlerts)),
    ("GET", "/sources", May(P::ReadAlerts)),
    ("GET", "/sources/{id}", May(P::ReadAlerts)),
    ("POST", "/sources/{id}", May(P::TriageAlerts)),
    ("POST", "/sources/{id}/replay", May(P::TriageAlerts)),
    ("POST", "/sources/{id}/discard", May(P::TriageAlerts)),
    ("GET", "/quarantine/{number}", May(P::ReadAlerts)),
    // source
    ("GET", "/api/v1/sources", May(P::ReadAlerts)),
    ("GET", "/api/v1/sources/{id}", May(P::ReadAlerts)),
    ("PATCH", "/api/v1/sources/{id}", May(P::TriageAlerts)),
    ("GET", "/api/v1/sources/{id}/rates", May(P::ReadAlerts)),
    // alert
    ("GET", "/", May(P::ReadAlerts)),
    ("GET", "/alerts", May(P::ReadAlerts)),
    ("GET", "/alerts/{id}", May(P::ReadAlerts)),
    ("POST", "/alerts/acknowledge", May(P::TriageAlerts)),
    ("GET", "/alerts/dismiss", May(P::TriageAlerts)),
    ("POST", "/alerts/dismiss", May(P::TriageAlerts)),
    ("GET", "/suppressions", May(P::ReadAlerts)),
    ("POST", "/suppressions", May(P::TriageAlerts)),
    ("GET", "/suppressions/new", May(P::TriageAlerts)),
    ("POST", "/suppressions/{id}/end", May(P::TriageAlerts)),
    ("GET", "/api/v1/suppressions", May(P::ReadAlerts)),
    ("POST", "/api/v1/suppressions", May(P::TriageAlerts)),
    ("GET", "/api/v1/suppressions/{id}", May(P::ReadAlerts)),
    ("POST", "/api/v1/suppressions/{id}/end", May(P::TriageAlerts)),
    ("GET", "/api/v1/suppressions/{id}/sigma", May(P::ReadAlerts)),
    ("GET", "/api/v1/alerts/{id}/exception", May(P::ReadAlerts)),
    ("POST", "/api/v1/alerts/{id}/exception", May(P::TriageAlerts)),
    ("GET", "/alerts/merge", May(P::TriageAlerts)),
    ("POST", "/alerts/merge", May(P::TriageAlerts)),
    ("POST", "/alerts/{id}/unmerge", May(P::TriageAlerts)),
    ("POST", "/alerts/{id}/acknowledge", May(P::TriageAlerts)),
    ("POST", "/alerts/{id}/dismiss", May(P::TriageAlerts)),
    ("POST", "/alerts/{id}/reopen", May(P::TriageAlerts)),
    ("GET", "/rules", May(P::ReadAlerts)),
    ("GET", "/rules/coverage", May(P::ReadAlerts)),
    ("GET", "/rules/coverage/layer", May(P::ReadAlerts)),
    ("GET", "/rules/{id}", May(P::ReadAlerts)),
    ("POST", "/rules/{id}", May(P::ReadAlerts)),
    ("GET", "/rules/{id}/grouping", May(P::ReadAlerts)),
    ("POST", "/rules/{id}/grouping", May(P::TriageAlerts)),
    ("POST", "/rules/{id}/grouping/undo", May(P::TriageAlerts)),
    ("GET", "/entities", May(P::ReadAlerts)),
    ("GET", "/entities/settings", May(P::ReadAlerts)),
    ("POST", "/entities/settings", May(P::EditPlan)),
    ("GET", "/entities/{kind}/{name}", May(P::ReadAlerts)),
    ("GET", "/api/v1/entities", May(P::ReadAlerts)),
    ("GET", "/api/v1/entities/{kind}/{name}", May(P::ReadAlerts)),
    ("GET", "/api/v1/risk/settings", May(P::ReadAlerts)),
    ("POST", "/api/v1/risk/settings", May(P::EditPlan)),
    ("GET", "/api/v1/alerts", May(P::ReadAlerts)),
    ("GET", "/api/v1/alerts/{id}", May(P::ReadAlerts)),
    ("GET", "/api/v1/alerts/{id}/matches", May(P::ReadAlerts)),
    ("POST", "/api/v1/alerts/acknowledge", May(P::TriageAlerts)),
    ("POST", "/api/v1/alerts/dismiss", May(P::TriageAlerts)),
    ("POST", "/api/v1/alerts/merge", May(P::TriageAlerts)),
    ("POST", "/api/v1/alerts/{id}/unmerge", May(P::TriageAlerts)),
    ("POST", "/api/v1/alerts/{id}/acknowledge", May(P::TriageAlerts)),
    ("POST", "/api/v1/alerts/{id}/dismiss", May(P::TriageAlerts)),
    ("POST", "/api/v1/alerts/{id}/reopen", May(P::TriageAlerts)),
    ("GET", "/api/v1/rules", May(P::ReadAlerts)),
    ("GET", "/api/v1/rules/{id}", May(P::ReadAlerts)),
    ("POST", "/api/v1/rules/{id}/explain", May(P::ReadAlerts)),
    ("GET", "/api/v1/rules/{id}/grouping", May(P::ReadAlerts)),
    ("POST", "/api/v1/rules/{id}/grouping", May(P::TriageAlerts)),
    ("POST", "/api/v1/rules/{id}/grouping/undo", May(P::TriageAlerts)),
    ("POST", "/api/v1/rules/{id}/grouping/preview", May(P::ReadAlerts)),
    // evidence
    ("GET", "/evidence", May(P::ReadIncident)),
    ("GET", "/evidence/{id}", May(P::ReadIncident)),
    ("GET", "/evidence/{id}/view", May(P::ReadIncident)),
    ("GET", "/evidence/{id}/view/{way}", May(P::ReadIncident)),
    ("POST", "/evidence/{id}/custody", May(P::WorkIncident)),
    ("POST", "/evidence/{id}/verify", May(P::WorkIncident)),
    ("POST", "/evidence/{id}/split", May(P::WorkIncident)),
    ("POST", "/evidence/{id}/members", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/evidence", May(P::WorkIncident)),
    ("POST", "/evidence/{id}/hold", May(P::CommandIncident)),
    ("POST", "/incidents/{id}/hold", May(P::CommandIncident)),
    ("POST", "/incidents/{id}/retention", May(P::CommandIncident)),
    ("POST", "/holds/{hold}/lift", May(P::CommandIncident)),
    ("GET", "/api/v1/evidence", May(P::ReadIncident)),
    ("GET", "/api/v1/evidence/due", May(P::ReadIncident)),
    ("GET", "/api/v1/evidence/{id}/keeping", May(P::ReadIncident)),
    ("POST", "/api/v1/evidence/{id}/holds", May(P::CommandIncident)),
    ("GET", "/api/v1/incidents/{id}/holds", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/holds", May(P::CommandIncident)),
    ("POST", "/api/v1/incidents/{id}/retention", May(P::CommandIncident)),
    ("POST", "/api/v1/holds/{hold}/lift", May(P::CommandIncident)),
    ("POST", "/api/v1/incidents/{id}/uploads", May(P::WorkIncident)),
    ("OPTIONS", "/api/v1/incidents/{id}/uploads", May(P::WorkIncident)),
    ("GET", "/api/v1/uploads/{upload}", May(P::WorkIncident)),
    ("PATCH", "/api/v1/uploads/{upload}", May(P::WorkIncident)),
    ("DELETE", "/api/v1/uploads/{upload}", May(P::WorkIncident)),
    ("POST", "/api/v1/uploads/{upload}", May(P::WorkIncident)),
    ("OPTIONS", "/api/v1/uploads/{upload}", May(P::WorkIncident)),
    ("GET", "/api/v1/evidence/{id}", May(P::ReadIncident)),
    ("GET", "/api/v1/evidence/{id}/content", May(P::ReadIncident)),
    ("GET", "/api/v1/evidence/{id}/kind", May(P::ReadIncident)),
    ("GET", "/api/v1/evidence/{id}/mail", May(P::ReadIncident)),
    ("GET", "/api/v1/evidence/{id}/members", May(P::ReadIncident)),
    ("POST", "/api/v1/evidence/{id}/split", May(P::WorkIncident)),
    ("POST", "/api/v1/evidence/{id}/members", May(P::WorkIncident)),
    ("POST", "/api/v1/evidence/{id}/custody", May(P::WorkIncident)),
    ("POST", "/api/v1/evidence/{id}/verify", May(P::WorkIncident)),
    ("GET", "/api/v1/incidents/{id}/evidence", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/evidence", May(P::WorkIncident)),
    // playbook
    ("GET", "/playbooks", May(P::ReadPlan)),
    ("POST", "/playbooks", May(P::EditPlan)),
    ("POST", "/playbooks/check", May(P::ReadPlan)),
    ("GET", "/playbooks/new", May(P::EditPlan)),
    ("GET", "/playbooks/{id}", May(P::ReadPlan)),
    ("GET", "/playbooks/{id}/edit", May(P::EditPlan)),
    ("POST", "/playbooks/{id}/seal", May(P::EditPlan)),
    ("GET", "/playbooks/{id}/rehearse", May(P::ReadPlan)),
    ("GET", "/incidents/{id}/playbooks", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/playbooks", May(P::WorkIncident)),
    ("GET", "/runs/{id}", May(P::ReadIncident)),
    ("POST", "/runs/{id}/answer", May(P::WorkIncident)),
    ("POST", "/runs/{id}/approve", May(P::WorkIncident)),
    ("POST", "/runs/{id}/hand-on", May(P::WorkIncident)),
    ("POST", "/runs/{id}/settle", May(P::WorkIncident)),
    ("POST", "/runs/{id}/stop", May(P::WorkIncident)),
    ("POST", "/runs/{id}/roll-back", May(P::WorkIncident)),
    ("GET", "/api/v1/playbooks", May(P::ReadPlan)),
    ("POST", "/api/v1/playbooks", May(P::EditPlan)),
    ("POST", "/api/v1/playbooks/check", May(P::ReadPlan)),
    ("GET", "/api/v1/playbooks/{id}", May(P::ReadPlan)),
    ("GET", "/api/v1/playbooks/{id}/versions", May(P::ReadPlan)),
    ("GET", "/api/v1/playbooks/{id}/content", May(P::ReadPlan)),
    ("POST", "/api/v1/playbooks/{id}/seal", May(P::EditPlan)),
    ("POST", "/api/v1/playbooks/{id}/rehearse", May(P::ReadPlan)),
    ("GET", "/api/v1/incidents/{id}/runs", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/runs", May(P::WorkIncident)),
    ("GET", "/api/v1/runs/{id}", May(P::ReadIncident)),
    ("GET", "/api/v1/runs/{id}/events", May(P::ReadIncident)),
    ("POST", "/api/v1/runs/{id}/answer", May(P::WorkIncident)),
    ("POST", "/api/v1/runs/{id}/approve", May(P::WorkIncident)),
    ("POST", "/api/v1/runs/{id}/hand-on", May(P::WorkIncident)),
    ("POST", "/api/v1/runs/{id}/settle", May(P::WorkIncident)),
    ("POST", "/api/v1/runs/{id}/stop", May(P::WorkIncident)),
    ("POST", "/api/v1/runs/{id}/roll-back", May(P::WorkIncident)),
    // report
    ("GET", "/incidents/{id}/report", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/report", May(P::ExportIncident)),
    ("GET", "/evidence/{id}/export", May(P::ExportIncident)),
    ("POST", "/evidence/{id}/export", May(P::ExportIncident)),
    ("GET", "/incidents/{id}/evidence/export", May(P::ExportIncident)),
    ("POST", "/incidents/{id}/evidence/export", May(P::ExportIncident)),
    ("POST", "/api/v1/evidence/{id}/export", May(P::ExportIncident)),
    ("POST", "/api/v1/incidents/{id}/evidence/export", May(P::ExportIncident)),
    // audit
    ("GET", "/ledger", May(P::ReadAudit)),
    ("GET", "/ledger/{index}", May(P::ReadAudit)),
    ("GET", "/incidents/{id}/bundle", May(P::ExportIncident)),
    ("GET", "/api/v1/incidents/{id}/bundle", May(P::ExportIncident)),
    ("GET", "/api/v1/ledger/key", SignIn),
    ("GET", "/api/v1/ledger/checkpoint", SignIn),
    ("GET", "/api/v1/ledger/leaves", May(P::ReadAudit)),
    ("GET", "/api/v1/ledger/leaves/{index}", May(P::ReadAudit)),
    ("GET", "/api/v1/ledger/proof/inclusion", May(P::ReadAudit)),
    ("GET", "/api/v1/ledger/proof/consistency", SignIn),
    // plan
    ("GET", "/plan", May(P::ReadPlan)),
    ("GET", "/plan/procedures", May(P::ReadPlan)),
    ("GET", "/plan/procedures/{type}", May(P::ReadPlan)),
    ("GET", "/api/v1/plan", May(P::ReadPlan)),
    ("GET", "/api/v1/plan/severity", May(P::ReadPlan)),
    ("GET", "/api/v1/plan/procedures/{type}", May(P::ReadPlan)),
    ("GET", "/plan/people", May(P::ReadPlan)),
    ("POST", "/plan/people/{role}", May(P::EditPlan)),
    ("GET", "/api/v1/plan/holders", May(P::ReadPlan)),
    ("PUT", "/api/v1/plan/holders/{role}", May(P::EditPlan)),
    ("GET", "/plan/draft", May(P::ReadPlan)),
    ("POST", "/plan/draft", May(P::EditPlan)),
    ("GET", "/plan/draft/head", May(P::EditPlan)),
    ("POST", "/plan/draft/head", May(P::EditPlan)),
    ("POST", "/plan/draft/check", May(P::EditPlan)),
    ("GET", "/plan/draft/file/{*file}", May(P::ReadPlan)),
    ("POST", "/plan/draft/file/{*file}", May(P::EditPlan)),
    ("POST", "/plan/draft/send", May(P::EditPlan)),
    ("POST", "/plan/draft/withdraw", May(P::EditPlan)),
    ("POST", "/plan/draft/discard", May(P::EditPlan)),
    // Whoever fills an approving role judges, whatever their role in Watchbell.
    ("POST", "/plan/draft/approve", May(P::ReadPlan)),
    ("POST", "/plan/draft/return", May(P::ReadPlan)),
    ("GET", "/plan/versions", May(P::ReadPlan)),
    ("GET", "/plan/versions/{version}", May(P::ReadPlan)),
    ("GET", "/plan/attestations", May(P::ReadPlan)),
    ("POST", "/plan/attestations", May(P::ReadPlan)),
    ("GET", "/api/v1/plan/files", May(P::ReadPlan)),
    ("GET", "/api/v1/plan/versions", May(P::ReadPlan)),
    ("GET", "/api/v1/plan/draft", May(P::ReadPlan)),
    ("POST", "/api/v1/plan/draft", May(P::EditPlan)),
    ("PUT", "/api/v1/plan/draft/file", May(P::EditPlan)),
    ("POST", "/api/v1/plan/draft/send", May(P::EditPlan)),
    ("POST", "/api/v1/plan/draft/withdraw", May(P::EditPlan)),
    ("POST", "/api/v1/plan/draft/return", May(P::ReadPlan)),
    ("POST", "/api/v1/plan/draft/approve", May(P::ReadPlan)),
    ("POST", "/api/v1/plan/draft/discard", May(P::EditPlan)),
    ("GET", "/api/v1/plan/attestations", May(P::ReadPlan)),
    ("POST", "/api/v1/plan/attestations", May(P::ReadPlan)),
    // Pages of incidents.
    ("GET", "/incidents", May(P::ReadIncident)),
    ("POST", "/incidents", May(P::DeclareIncident)),
    ("GET", "/incidents/declare", May(P::DeclareIncident)),
    ("GET", "/incidents/severity", May(P::DeclareIncident)),
    ("GET", "/incidents/{id}", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/bar", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/here", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/seen", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/chat", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/chat", May(P::WorkIncident)),
    ("GET", "/incidents/{id}/chat/lines", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/chat/{line}/{verb}", May(P::WorkIncident)),
    ("GET", "/mentions", May(P::ReadIncident)),
    ("GET", "/mentions/mark", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/timeline", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/timeline/export", May(P::ExportIncident)),
    ("GET", "/incidents/{id}/tasks", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/things", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/decisions", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/evidence", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/people", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/close", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/tasks", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/decisions", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/close", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/phase", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/reopen", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/severity", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/type", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/alerts", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/edit", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/commander", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/restrict", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/members", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/members/{user}/remove", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/entries", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/entries/{entry}/correct", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/entries/{entry}/techniques", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/observables", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/observables/several", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/observables/{observable}", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/assets", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/assets/{asset}", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/assets/move", May(P::WorkIncident)),
    ("POST", "/tasks/{id}/{verb}", May(P::WorkIncident)),
    ("GET", "/observables", May(P::ReadIncident)),
    ("GET", "/observables/value", May(P::ReadIncident)),
    ("GET", "/incidents/like", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/observables/paste", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/observables/paste", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/observables/chosen", May(P::WorkIncident)),
    ("GET", "/api/v1/observables", May(P::ReadIncident)),
    ("GET", "/api/v1/observables/value", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/similar", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/observables/look", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/observables/chosen", May(P::WorkIncident)),
    ("GET", "/api/v1/alerts/{id}/similar", May(P::ReadAlerts)),
    ("GET", "/incidents/{id}/graph", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/graph/file", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/graph", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/related", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/links", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/links/{link}/end", May(P::WorkIncident)),
    ("GET", "/incidents/{id}/merge", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/merge", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/unmerge", May(P::WorkIncident)),
    ("GET", "/mine", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/impact", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/impact/data", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/impact/effort", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/impact/cost", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/impact/{kind}/{record}/withdraw", May(P::WorkIncident)),
    ("GET", "/incidents/{id}/tasks/library", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/tasks/library", May(P::WorkIncident)),
    ("GET", "/tasks/library", May(P::ReadPlan)),
    ("POST", "/tasks/library/{saved}/remove", May(P::WorkIncident)),
    ("GET", "/settings/incidents", May(P::ReadIncident)),
    ("POST", "/settings/incidents/fields", May(P::EditPlan)),
    ("POST", "/settings/incidents/fields/{field}", May(P::EditPlan)),
    ("POST", "/settings/incidents/fields/{field}/retire", May(P::EditPlan)),
    ("POST", "/settings/incidents/statuses", May(P::EditPlan)),
    ("POST", "/settings/incidents/statuses/{status}/retire", May(P::EditPlan)),
    ("POST", "/incidents/{id}/fields", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/status", May(P::WorkIncident)),
    ("POST", "/tasks/{id}/save", May(P::WorkIncident)),
    ("GET", "/incidents/{id}/response", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/severity", May(P::ReadIncident)),
    ("GET", "/incidents/{id}/severity/preview", May(P::ReadIncident)),
    ("POST", "/incidents/{id}/muster/{role}", May(P::WorkIncident)),
    ("POST", "/incidents/{id}/approvals", May(P::WorkIncident)),
    ("POST", "/muster/{id}/answer", May(P::ReadIncident)),
    ("POST", "/approvals/{id}/answer", May(P::ReadIncident)),
    // incident
    ("GET", "/api/v1/incidents", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/links", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/links", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/links/{link}/end", May(P::WorkIncident)),
    ("GET", "/api/v1/incidents/{id}/merges", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/merge", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/unmerge", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents", May(P::DeclareIncident)),
    ("GET", "/api/v1/incidents/{id}", May(P::ReadIncident)),
    ("PATCH", "/api/v1/incidents/{id}", May(P::WorkIncident)),
    ("GET", "/api/v1/incidents/{id}/phase", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/members", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/techniques", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/tasks", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/entries", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/decisions", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/observables", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/assets", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/timeline", May(P::ExportIncident)),
    ("GET", "/api/v1/incidents/{id}/here", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/chat", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/chat", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/chat/{line}/entry", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/chat/{line}/decision", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/chat/{line}/task", May(P::WorkIncident)),
    ("GET", "/api/v1/mentions", May(P::ReadIncident)),
    // A responder may steer the incident that they command, so the verbs ask for more where needed.
    ("POST", "/api/v1/incidents/{id}/phase", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/close", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/reopen", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/severity", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/type", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/commander", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/restrict", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/members", May(P::WorkIncident)),
    ("DELETE", "/api/v1/incidents/{id}/members/{user}", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/alerts", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/tasks", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/entries", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/entries/{entry}/correct", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/entries/{entry}/techniques", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/decisions", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/observables", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/observables/several", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/observables/{observable}", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/assets", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/assets/{asset}", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/start", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/release", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/done", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/skip", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/reopen", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/owner", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/want", May(P::WorkIncident)),
    ("POST", "/api/v1/tasks/{id}/save", May(P::WorkIncident)),
    ("GET", "/api/v1/task-library", May(P::ReadPlan)),
    ("POST", "/api/v1/task-library", May(P::WorkIncident)),
    ("DELETE", "/api/v1/task-library/{id}", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/tasks/library", May(P::WorkIncident)),
    ("GET", "/api/v1/incident-fields", May(P::ReadIncident)),
    ("POST", "/api/v1/incident-fields", May(P::EditPlan)),
    ("PUT", "/api/v1/incident-fields/{id}", May(P::EditPlan)),
    ("POST", "/api/v1/incident-fields/{id}/retire", May(P::EditPlan)),
    ("GET", "/api/v1/incident-statuses", May(P::ReadIncident)),
    ("POST", "/api/v1/incident-statuses", May(P::EditPlan)),
    ("POST", "/api/v1/incident-statuses/{id}/retire", May(P::EditPlan)),
    ("GET", "/api/v1/incidents/{id}/fields", May(P::ReadIncident)),
    ("PUT", "/api/v1/incidents/{id}/fields", May(P::WorkIncident)),
    ("PUT", "/api/v1/incidents/{id}/status", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/assets/move", May(P::WorkIncident)),
    ("GET", "/api/v1/incidents/{id}/assets/steps", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/impact", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/impact/data", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/impact/effort", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/impact/cost", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/impact/data/{record}/withdraw", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/impact/effort/{record}/withdraw", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/impact/cost/{record}/withdraw", May(P::WorkIncident)),
    // Whoever may see an incident may be asked to come and to approve, so observers answer too.
    ("GET", "/api/v1/mine", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/severity", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/clocks", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/muster", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/muster/{role}/ask", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/muster/{role}/assign", May(P::WorkIncident)),
    ("POST", "/api/v1/incidents/{id}/muster/{role}/stand-down", May(P::WorkIncident)),
    ("POST", "/api/v1/muster/{id}/answer", May(P::ReadIncident)),
    ("GET", "/api/v1/incidents/{id}/approvals", May(P::ReadIncident)),
    ("POST", "/api/v1/incidents/{id}/approvals", May(P::WorkIncident)),
    ("POST", "/api/v1/approvals/{id}/give", May(P::ReadIncident)),
    ("POST", "/api/v1/approvals/{id}/refuse", May(P::ReadIncident)),
    ("POST", "/api/v1/approvals/{id}/withdraw", May(P::ReadIncident)),
];

/// What this route needs; `None` if it is not in the list.
pub fn needs(method: &Method, path: &str) -> Option<Needs> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().find(|(verb, known, _)| *verb == method && *known == path).map(|(_, _, needs)| *needs)
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .merge(identity::api::routes())
        .merge(plan::api::routes())
        .merge(event::api::routes())
        .merge(source::api::routes())
        .merge(intake::quarantine_api::routes())
        .merge(intake::api::routes())
        .merge(intake::webhook::api::routes())
        .merge(alert::api::routes())
        .merge(incident::api::routes())
        .merge(evidence::api::routes())
        .merge(playbook::api::routes())
        .merge(report::api::routes())
        .merge(audit::api::routes())
}

/// The API's description, made from the handlers.
pub fn description() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

/// The server's routes with all that wraps them.
pub fn router(app: App) -> Router {
    let (api, _) = api().split_for_parts();
    let pages = Router::new()
        .route("/assets/{*path}", get(assets::asset))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/live", get(live::live))
        .route("/api", get(openapi::page))
        .route("/api/openapi.json", get(openapi::json))
        .merge(identity::page::routes())
        .merge(plan::page::routes())
        .merge(event::page::routes())
        .merge(intake::page::routes())
        .merge(intake::source_page::routes())
        .merge(intake::webhook::page::routes())
        .merge(intake::speak::routes())
        .merge(alert::page::routes())
        .merge(incident::page::routes())
        .merge(evidence::page::routes())
        .merge(playbook::page::routes())
        .merge(report::page::routes())
        .merge(audit::page::routes());
    api.merge(pages)
        .layer(DefaultBodyLimit::max(1 << 20))
        .method_not_allowed_fallback(|| async { Error::NotFound("verb on this address") })
        .route_layer(from_fn_with_state(app.clone(), gate::gate))
        .fallback(|| async { Error::NotFound("page") })
        .layer(CatchPanicLayer::custom(|_| axum::response::IntoResponse::into_response(failed())))
        .layer(from_fn(intake::speak::translate))
        .layer(from_fn_with_state(app.clone(), problem::for_people))
        .layer(CompressionLayer::new().compress_when(worth_packing()))
        .layer(map_response(guard_headers))
        .with_state(app)
}

/// Files to be saved go out as they are: packed ones gain nothing, and their length is known.
fn worth_packing() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new(download::BYTES))
        .and(NotForContentType::const_new("application/zip"))
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/vnd"))
}

fn failed() -> Problem {
    tracing::error!("a request ended in a panic");
    Problem::new(
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        "Something failed on our side. Nothing was changed; the server's log says more.".to_owned(),
    )
}

/// What a browser is told on every answer, so that text from outside can never run or be framed.
async fn guard_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
