//! Audit logs of cloud services and applications in their own JSON, told apart by the fields that
//! each of them always writes. Their field names are Sigma's names already.

use std::borrow::Cow;

use crate::{Event, LogSource, Value, time};

/// What a record must have for a source to be taken as its own.
struct Marks {
    fields: &'static [&'static str],
    source: LogSource,
}

const fn marks(
    fields: &'static [&'static str],
    product: &'static str,
    category: Option<&'static str>,
    service: Option<&'static str>,
) -> Marks {
    Marks { fields, source: LogSource::of(Some(product), category, service) }
}

/// The first that fits counts, so the stricter stand first.
static KNOWN: &[Marks] = &[
    marks(&["eventSource", "eventName", "awsRegion"], "aws", None, Some("cloudtrail")),
    marks(&["eventSource", "eventName", "userIdentity.type"], "aws", None, Some("cloudtrail")),
    marks(&["protoPayload.serviceName", "protoPayload.methodName"], "gcp", None, Some("gcp.audit")),
    marks(&["auditID", "verb", "stage"], "kubernetes", Some("application"), Some("audit")),
    marks(&["objectRef.resource", "verb"], "kubernetes", Some("application"), Some("audit")),
    marks(&["eventType", "published", "legacyEventType"], "okta", None, Some("okta")),
    marks(&["eventType", "published", "actor.alternateId"], "okta", None, Some("okta")),
    marks(&["riskEventType", "riskState"], "azure", None, Some("riskdetection")),
    marks(&["conditionalAccessStatus", "appDisplayName"], "azure", None, Some("signinlogs")),
    marks(
        &["properties.conditionalAccessStatus", "properties.appDisplayName"],
        "azure",
        None,
        Some("signinlogs"),
    ),
    marks(&["activityDisplayName", "loggedByService"], "azure", None, Some("auditlogs")),
    marks(&["properties.activityDisplayName"], "azure", None, Some("auditlogs")),
    marks(&["operationName", "resourceId", "category"], "azure", None, Some("activitylogs")),
    marks(&["operationName.value", "resourceId"], "azure", None, Some("activitylogs")),
    marks(&["Workload", "Operation", "RecordType"], "m365", None, Some("audit")),
    marks(&["@timestamp", "action", "actor", "org"], "github", None, Some("audit")),
    marks(&["auditType.action", "auditType.category"], "bitbucket", None, Some("audit")),
    marks(&["event_type_id", "account_id"], "onelogin", None, Some("onelogin.events")),
    marks(&["id.applicationName", "events.name", "actor.email"], "gcp", None, None),
    marks(&["logtype", "node_id", "dst_host"], "opencanary", Some("application"), None),
    marks(&["txid", "factor", "eventtype"], "cisco", None, Some("duo")),
];

pub(crate) fn source_of(event: &Event) -> Option<LogSource> {
    let known = KNOWN.iter().find(|known| known.fields.iter().all(|field| event.get(field).is_some()))?;
    let mut source = known.source.clone();
    // Google Workspace says which of its applications it is; Azure says which of its logs.
    if let Some(application) = event.text("id.applicationName") {
        source.service = Some(Cow::Owned(format!("google_workspace.{application}")));
    }
    if source.product.as_deref() == Some("m365") {
        match event.text("Workload").as_deref() {
            Some("Exchange") => source.service = Some(Cow::Borrowed("exchange")),
            Some("SecurityComplianceCenter") => {
                source.service = Some(Cow::Borrowed("threat_management"));
            }
            _ => {}
        }
    }
    if source.service.as_deref() == Some("activitylogs") {
        match event.text("category").as_deref() {
            Some("SignInLogs" | "NonInteractiveUserSignInLogs" | "ServicePrincipalSignInLogs") => {
                source.service = Some(Cow::Borrowed("signinlogs"));
            }
            Some("AuditLogs") => source.service = Some(Cow::Borrowed("auditlogs")),
            Some("UserRiskEvents" | "RiskyUsers") => {
                source.service = Some(Cow::Borrowed("riskdetection"));
            }
            _ => {}
        }
    }
    Some(source)
}

pub(crate) fn finish(event: &mut Event) {
    if let Some(source) = source_of(event) {
        event.source = source;
    }
    event.time = ["eventTime", "published", "createdDateTime", "activityDateTime", "CreationTime"]
        .iter()
        .find_map(|name| event.get(name).and_then(time::value))
        .or_else(|| event.get("stageTimestamp").and_then(time::value));
    alias(event);
}

/// The few names that Sigma writes otherwise than the service.
pub(crate) fn alias(event: &mut Event) {
    match event.source.product.as_deref() {
        Some("gcp") => {
            let own: Vec<(&'static str, Value)> = [
                ("gcp.audit.method_name", "protoPayload.methodName"),
                ("gcp.audit.service_name", "protoPayload.serviceName"),
                ("eventService", "id.applicationName"),
                ("eventName", "events.name"),
                ("data.protoPayload.methodName", "protoPayload.methodName"),
                ("data.protoPayload.serviceName", "protoPayload.serviceName"),
                ("data.protoPayload.resourceName", "protoPayload.resourceName"),
            ]
            .into_iter()
            .filter_map(|(name, of)| event.get(of).map(|value| (name, value.clone())))
            .collect();
            for (name, value) in own {
                event.set(name, value);
            }
        }
        Some("m365") => {
            event.alias("eventSource", "Workload");
            // An alert's name says what happened; its operation is always the same.
            if event.source.service.as_deref() == Some("threat_management") {
                event.alias("eventName", "Name");
            }
            event.alias("eventName", "Operation");
            let done = event
                .text("ResultStatus")
                .is_some_and(|status| matches!(&*status, "Succeeded" | "Success" | "True"));
            if done {
                event.set("status", Value::from("success"));
            }
        }
        Some("azure") => {
            let own: Vec<(String, Value)> = event
                .fields()
                .filter_map(|(name, value)| {
                    name.strip_prefix("properties.").map(|short| (short.to_owned(), value.clone()))
                })
                .collect();
            for (name, value) in own {
                event.set(name, value);
            }
            // Log Analytics begins the same names with capitals.
            for (name, of) in [
                ("OperationName", "operationName"),
                ("ResultType", "resultType"),
                ("resultType", "ResultType"),
                ("ResultDescription", "resultDescription"),
                ("Category", "category"),
                ("LoggedByService", "loggedByService"),
                ("Status", "status"),
                ("properties.message", "activityDisplayName"),
                ("properties.message", "operationName"),
            ] {
                event.alias(name, of);
            }
        }
        _ => {}
    }
}
