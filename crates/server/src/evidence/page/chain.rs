//! The chain of custody as a timeline, with who signed what.

use domain::evidence::CustodyAct;
use maud::{Markup, html};

use super::super::{Evidence, Link};
use crate::web::parts;

/// "5 acts, 4 signed"
pub fn tally(item: &Evidence) -> String {
    let signed = item.custody.iter().filter(|link| link.signature.is_some()).count();
    let acts = if item.custody.len() == 1 { "act" } else { "acts" };
    format!("{} {acts}, {signed} signed", item.custody.len())
}

pub fn timeline(item: &Evidence) -> Markup {
    html! {
        div class="timeline-view" {
            div class="timeline" data-lanes="one" {
                ol {
                    @for (place, link) in item.custody.iter().enumerate() {
                        li class="entry" data-lane="response" data-kind="task" {
                            span class="entry-time" { (parts::time(link.at)) }
                            div class="entry-body" {
                                div class="entry-title" {
                                    (link.act.label())
                                    @if let Some(to) = &link.to { " to " (to) @if let Some(account) = link.to_account { " " span class="mono muted" { (account) } } }
                                }
                                @if let Some(reason) = &link.reason { div class="entry-text" { (reason) } }
                                div class="entry-foot" {
                                    span { "by " (link.by) }
                                    @if let Some(account) = link.account { span class="mono" title="Account" { (account) } }
                                    (signature(item, place, link))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn signature(item: &Evidence, place: usize, link: &Link) -> Markup {
    html! {
        @match &link.signature {
            Some(signature) => details class="signature" {
                summary { span class="badge" data-status="good" { "Signed" } }
                dl class="facts" data-layout="stacked" {
                    dt { "Key" } dd { span class="mono" { (signature.key) } }
                    dt { "Public key (Ed25519)" } dd { code { (signature.public_key) } }
                    dt { "Signature of act " (place + 1) } dd { code { (signature.signature) } }
                }
            },
            None if link.act == CustodyAct::Collected => { @match attested(item, link) {
                Some(attested) => span { "confirmed and signed " (parts::ago(attested.at)) },
                None if link.account.is_some() && item.destroyed_at.is_none() => span class="badge" data-status="waiting" { "Not signed yet" },
                None => {},
            } },
            None => span class="muted" { "from before acts were signed" },
        }
    }
}

/// The collector's own confirmation.
fn attested<'i>(item: &'i Evidence, collected: &Link) -> Option<&'i Link> {
    item.custody.iter().find(|link| link.act == CustodyAct::Attested && link.account == collected.account)
}
