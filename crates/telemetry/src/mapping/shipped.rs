//! The files in `content/rules/mappings`, in the order in which they are tried: where the records of two
//! have much in common, the stricter stands first.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../content/rules/mappings/", $name, ".yml")))),*]
    };
}

pub(super) const FILES: &[(&str, &str)] = files![
    "raw",
    "winlogbeat",
    "ecs-sensor",
    "ecs",
    "nxlog",
    "ocsf",
    "cloudtrail",
    "gcp-audit",
    "kubernetes-audit",
    "okta",
    "entra",
    "azure-activity",
    "m365",
    "github",
    "bitbucket",
    "onelogin",
    "google-workspace",
    "opencanary",
    "duo",
    "wazuh",
    "falco",
    "osquery",
    "auditd",
    "zeek",
    "suricata",
];
