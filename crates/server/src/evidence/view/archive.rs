//! The members of an archive, listed without taking any of them out.

use axum::extract::State;
use axum::response::Redirect;
use domain::{Actor, EvidenceId, Permission};
use exhibit::archive::{Listing, Member};
use maud::{Markup, html};

use super::warnings;
use crate::app::App;
use crate::error::Result;
use crate::evidence::derive;
use crate::evidence::derive_api::MemberInput;
use crate::evidence::inspect::{self, Seen};
use crate::web::extract::{Form, Path, Who};
use crate::web::parts;

pub(super) async fn page(app: &App, actor: &Actor, id: EvidenceId) -> Result<(Seen, Markup)> {
    let (seen, listing) = inspect::archive(app, actor, id).await?;
    let content = html! {
        (warnings("What is odd about this archive", &listing.warnings))
        @if listing.members.is_empty() {
            (parts::empty("evidence", "An empty archive", "It holds no members.", None))
        } @else {
            (summary(&seen, &listing))
            (table(id, &listing, actor.may(Permission::WorkIncident)))
        }
    };
    Ok((seen, content))
}

/// A number of bytes as people say it.
fn size(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, |bytes| parts::size(i64::try_from(bytes).unwrap_or(i64::MAX)))
}

fn summary(seen: &Seen, listing: &Listing) -> Markup {
    let members = listing.members.len();
    html! {
        p class="muted" {
            @if listing.cut { "The first " }
            (members) @if members == 1 { " member" } @else { " members" }
            ", " (size(Some(listing.unpacked()))) " when taken out of " (size(Some(seen.length))) ", by the archive's own word. Nothing was unpacked to disk."
        }
    }
}

fn table(id: EvidenceId, listing: &Listing, may_take: bool) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Members" tabindex="0" {
            table class="table" data-narrow="stack" data-dense="" {
                thead { tr {
                    th data-type="number" { "No." } th { "Member" } th data-type="number" { "Size" } th data-type="number" { "Packed" } th data-type="number" { "Ratio" } th { "Method" } th { "Changed" } @if may_take { th { span class="visually-hidden" { "Actions" } } }
                } }
                tbody { @for member in &listing.members { (row(id, member, may_take)) } }
            }
        }
    }
}

fn row(id: EvidenceId, member: &Member, may_take: bool) -> Markup {
    html! {
        tr {
            td data-type="number" data-label="No." { (member.number) }
            td class="cell-main" {
                span class="mono breaks" { (exhibit::one_line(&member.name, 500)) }
                @if member.encrypted { " " span class="badge" data-kind="warning" { "encrypted" } }
                @for warning in &member.warnings { span class="cell-sub cell-warning" { (parts::icon("alert")) (warning) } }
            }
            td class="nowrap" data-type="number" data-label="Size" { @if !member.directory { (size(member.unpacked)) } }
            td class="nowrap" data-type="number" data-label="Packed" { @if !member.directory { (size(member.packed)) } }
            td class="nowrap" data-type="number" data-label="Ratio" { (ratio(member)) }
            td class="nowrap" data-label="Method" { @if member.directory { "folder" } @else { (member.method) } }
            td class="nowrap" data-type="time" data-label="Changed" { @if let Some(at) = member.modified { (at.strftime("%Y-%m-%d %H:%M")) } }
            @if may_take { td data-type="actions" { @if member.refused.is_none() { (taker(id, member)) } } }
        }
    }
}

fn taker(id: EvidenceId, member: &Member) -> Markup {
    html! {
        form method="post" action={ "/evidence/" (id) "/members" } data-done="Taken out; it is an evidence item of its own" {
            input type="hidden" name="number" value=(member.number);
            input type="hidden" name="name" value=(member.name);
            button class="button" data-size="small" type="submit" aria-label={ "Take out member " (member.number) } { "Take out" }
        }
    }
}

pub(super) async fn take_out(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Form(input): Form<MemberInput>,
) -> Result<Redirect> {
    let item = Box::pin(derive::take_out(&app, &actor, id, input.number, &input.name)).await?;
    Ok(Redirect::to(&format!("/evidence/{}", item.id)))
}

fn ratio(member: &Member) -> String {
    match (member.packed, member.unpacked) {
        (Some(packed), Some(unpacked)) if packed > 0 && unpacked > 0 => {
            let tenths = unpacked.saturating_mul(10) / packed;
            format!("{}.{}", tenths / 10, tenths % 10)
        }
        _ => String::new(),
    }
}
