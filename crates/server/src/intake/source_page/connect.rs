//! How senders are pointed here: what to paste into the shippers that people have.

use maud::{Markup, html};

use crate::web::parts;

/// How senders are pointed here.
pub fn connect(open: bool) -> Markup {
    let snippets: [(&str, &str); 6] = [
        (
            "curl",
            "curl -H \"Authorization: Bearer $KEY\" --data-binary @events.jsonl \\\n  https://WATCHBELL/api/v1/sources/my-app/events",
        ),
        (
            "rsyslog (watchbell serve --syslog-tcp 0.0.0.0:514)",
            "action(type=\"omfwd\" target=\"WATCHBELL\" port=\"514\" protocol=\"tcp\"\n       TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\"\n       queue.type=\"LinkedList\" queue.filename=\"watchbell\" action.resumeRetryCount=\"-1\")",
        ),
        (
            "syslog-ng",
            "destination d_watchbell { syslog(\"WATCHBELL\" port(514) transport(\"tcp\")); };\nlog { source(s_src); destination(d_watchbell); };",
        ),
        (
            "Filebeat, Winlogbeat",
            "output.elasticsearch:\n  hosts: [\"https://WATCHBELL/elastic\"]\n  api_key: \"any:KEY\"",
        ),
        (
            "Vector",
            "[sinks.watchbell]\ntype = \"splunk_hec_logs\"\ninputs = [\"my_logs\"]\nendpoint = \"https://WATCHBELL\"\ndefault_token = \"KEY\"\nencoding.codec = \"json\"",
        ),
        (
            "OpenTelemetry Collector",
            "exporters:\n  otlphttp:\n    endpoint: https://WATCHBELL\n    headers:\n      authorization: Bearer KEY",
        ),
    ];
    html! {
        section class="card" aria-labelledby="connect" {
            div class="card-head" { h2 id="connect" { "Connect a sender" } }
            div class="card-body stack" {
                p { "WATCHBELL stands for this server's address, KEY for a key of the role responder, made under " a href="/settings" { "Settings" } "." }
                @for (place, (name, text)) in snippets.iter().enumerate() {
                    details open[open && place < 2] {
                        summary { (name) }
                        div class="viewer" {
                            div class="viewer-head" {
                                span { (name) }
                                button class="button needs-script" data-size="small" data-kind="quiet" type="button" data-copy-from={ "snippet-" (place) } { (parts::icon("copy")) "Copy" }
                            }
                            pre id={ "snippet-" (place) } data-wrap="" tabindex="0" aria-label=(name) { (text) }
                        }
                    }
                }
            }
        }
    }
}
