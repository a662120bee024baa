//! The ledger as pages: its head and key, its checkpoints, the newest changes, and one change with
//! its proof.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use maud::{Markup, html};

use super::api::LeafQuery;
use super::{Committed, Head, Proven, Signed};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How many checkpoints the page shows.
const CHECKPOINTS: i64 = 5;

pub fn routes() -> Router<App> {
    Router::new().route("/ledger", get(ledger)).route("/ledger/{index}", get(leaf))
}

async fn ledger(State(app): State<App>, Who(actor): Who, Query(query): Query<LeafQuery>) -> Result<Markup> {
    let page = PageQuery { cursor: query.cursor.clone(), limit: query.limit };
    let leaves = super::leaves(&app, &actor, query.record.as_deref(), &page).await?;
    let head = super::head(&app).await?;
    let signed = super::checkpoints(&app, &actor, CHECKPOINTS).await?;
    let record = query.record.as_deref().unwrap_or_default();
    let older = format!("/ledger?{}cursor=", filter(record));
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Ledger" }
                p class="page-sub" { "Every change is a leaf in a Merkle tree. What was signed can't be changed without showing." }
            }
            div class="page-actions" { a class="button" href="/api/v1/ledger/checkpoint" { (parts::icon("download")) "Checkpoint" } }
        }
        div class="stack" {
            div class="tiles" {
                div class="tile" { span class="tile-label" { "Leaves" } span class="tile-value" { (head.size) } }
                div class="tile" {
                    span class="tile-label" { "Last checkpoint" }
                    @match signed.first() {
                        Some(newest) => { span class="tile-value" { (parts::ago(newest.at)) } span class="tile-note" { "of " (newest.size) " leaves" } }
                        None => span class="tile-value" { "none yet" }
                    }
                }
                div class="tile" { span class="tile-label" { "Signed by" } span class="tile-value" { (head.origin) } }
            }
            div class="halves" { (key_card(&head)) (checkpoint_card(&head, &signed)) }
            section class="stack" aria-labelledby="changes" {
                h2 id="changes" { "Changes" }
                form class="filter-bar" method="get" action="/ledger" {
                    div class="field" data-grow { label for="f-record" { "Record" } input id="f-record" type="search" name="record" value=(record) placeholder="INC-1, ALR-3, EVD-2, USR-1 …" autocomplete="off"; }
                    button class="button" type="submit" { "Filter" }
                }
                @if leaves.items.is_empty() {
                    (parts::empty("ledger", "No changes here", "No record of this name has a change that you may see.", Some(("/ledger", "All changes"))))
                } @else {
                    (table(&leaves.items))
                    (parts::next_page(&older, leaves.next.as_deref()))
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Ledger, "Ledger", &[], &content).await)
}

/// The part of an address that keeps the filter. Only what can stand in a record's name is kept.
fn filter(record: &str) -> String {
    let plain: String = record.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if plain.is_empty() { plain } else { format!("record={plain}&") }
}

fn key_card(head: &Head) -> Markup {
    html! {
        section class="card" aria-labelledby="key" {
            div class="card-head" { h2 id="key" { "The key" } span class="muted" { "What an auditor compares" } }
            div class="card-body stack" {
                dl class="facts" {
                    dt { "Fingerprint" } dd { (copied("fingerprint", &head.fingerprint, "Copy fingerprint")) }
                    dt { "Public key" } dd { (copied("verifying-key", &head.verifying_key, "Copy public key")) }
                }
                p class="muted" { "Publish the fingerprint where it cannot be changed by whoever runs this server. Whoever is given a bundle compares it before believing the bundle." }
                span class="code-line" { "watchbell verify BUNDLE.zip --key KEY" }
            }
        }
    }
}

fn checkpoint_card(head: &Head, signed: &[Signed]) -> Markup {
    html! {
        section class="card" aria-labelledby="checkpoint" {
            div class="card-head" { h2 id="checkpoint" { "Checkpoints" } }
            div class="card-body stack" {
                dl class="facts" { dt { "Root now" } dd { (copied("root", &head.root.to_string(), "Copy root hash")) } }
                @if let Some(newest) = signed.first() {
                    div class="viewer" {
                        div class="viewer-head" { span { "Signed note of " (newest.size) " leaves" } button class="button needs-script" data-size="small" data-kind="quiet" type="button" data-copy-from="note" { (parts::icon("copy")) "Copy" } }
                        pre id="note" data-wrap tabindex="0" aria-label="Signed note" { (newest.note) }
                    }
                    ul class="changes" {
                        @for one in signed.iter().skip(1) { li data-change="same" { span { (one.size) " leaves, " (parts::time(one.at)) } } }
                    }
                }
            }
        }
    }
}

fn copied(id: &str, text: &str, label: &str) -> Markup {
    html! {
        span class="hash" data-full {
            code id=(id) { (text) }
            button class="copy" type="button" data-copy-from=(id) aria-label=(label) { (parts::icon("copy")) }
        }
    }
}

fn table(leaves: &[Committed]) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Table of changes" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th data-type="number" { "Leaf" } th { "When" } th { "Who" } th { "Act" } th { "Record" } th data-type="number" { "Version" } } }
                tbody {
                    @for leaf in leaves {
                        @let href = format!("/ledger/{}", leaf.index);
                        tr data-href=(href) {
                            td data-type="number" data-label="Leaf" { (leaf.index) }
                            td data-type="time" data-label="When" { (parts::time(leaf.at)) }
                            td data-label="Who" { (who(leaf)) }
                            td class="cell-main" { a class="row-link" href=(href) { (leaf.act) } }
                            td data-label="Record" { a class="mono" href={ "/ledger?record=" (leaf.record) } { (leaf.record) } }
                            td data-type="number" data-label="Version" { (leaf.version) }
                        }
                    }
                }
            }
        }
    }
}

fn who(leaf: &Committed) -> Markup {
    html! {
        @match &leaf.actor_name {
            Some(name) => (parts::person(name)),
            None => span class="muted" { (leaf.actor) },
        }
    }
}

async fn leaf(State(app): State<App>, Who(actor): Who, Path(index): Path<u64>) -> Result<Markup> {
    let proven = super::leaf(&app, &actor, index).await?;
    let committed = &proven.committed;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/ledger" { "Ledger" } } li { "Leaf " (index) } } }
                h1 { (committed.act) }
                div class="page-meta" {
                    a class="mono" href={ "/ledger?record=" (committed.record) } { (committed.record) }
                    span { "version " (committed.version) }
                    (parts::time(committed.at))
                    (who(committed))
                }
            }
        }
        div class="stack" {
            (verdict(&proven))
            section class="card" aria-labelledby="leaf" {
                div class="card-head" { h2 id="leaf" { "Leaf" } span class="muted" { "The bytes that the tree commits to" } }
                div class="card-body" { (viewer("leaf-text", "Leaf", &committed.leaf)) }
            }
            section class="card" aria-labelledby="body" {
                div class="card-head" { h2 id="body" { "The record after this change" } }
                div class="card-body" { (viewer("body-text", "Body", &pretty(&proven.body))) }
            }
            section class="card" aria-labelledby="proof" {
                div class="card-head" { h2 id="proof" { "Inclusion proof" } span class="muted" { "RFC 6962 §2.1.1" } }
                div class="card-body stack" {
                    dl class="facts" {
                        dt { "Tree size" } dd class="number" { (proven.proof.size) }
                        dt { "Root" } dd { (copied("root", &proven.proof.root, "Copy root hash")) }
                    }
                    @if proven.proof.hashes.is_empty() { p class="muted" { "The tree has this one leaf: its hash is the root." } }
                    @else { (viewer("path", "Proof", &proven.proof.hashes.join("\n"))) }
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Ledger, &format!("Leaf {index}"), &[], &content).await)
}

fn verdict(proven: &Proven) -> Markup {
    html! {
        @if proven.verified {
            div class="notice" data-level="good" { (parts::icon("check")) div {
                strong { "Unchanged" }
                p { "Just now the body was hashed, the leaf compared with it, and the leaf proven to stand in the tree of " (proven.proof.size) " leaves." }
            } }
        } @else {
            div class="notice" data-level="error" role="alert" { (parts::icon("alert")) div {
                strong { "This record does not agree with the ledger" }
                p { "Its body or its leaf was changed in the database after it was committed. Keep the database as it is and tell whoever answers for it." }
            } }
        }
    }
}

fn viewer(id: &str, label: &str, text: &str) -> Markup {
    html! {
        div class="viewer" {
            div class="viewer-head" { span { (label) } button class="button needs-script" data-size="small" data-kind="quiet" type="button" data-copy-from=(id) { (parts::icon("copy")) "Copy" } }
            pre id=(id) data-wrap tabindex="0" aria-label=(label) { (text) }
        }
    }
}

/// Indented for reading; the leaf commits to the bytes as they are stored.
fn pretty(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| body.to_owned())
}
