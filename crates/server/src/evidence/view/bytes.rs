//! An item as hexadecimal digits, and the strings in it.

use domain::{Actor, EvidenceId};
use exhibit::strings::{LONGEST, SHORTEST, Strings};
use maud::{Markup, html};

use super::{Asked, pager};
use crate::app::App;
use crate::error::Result;
use crate::evidence::inspect::{self, BYTES, Seen};
use crate::web::parts;

/// The lengths that may be asked for.
const LENGTHS: [usize; 5] = [4, 6, 8, 12, 20];

pub(super) async fn hex(app: &App, actor: &Actor, id: EvidenceId, asked: &Asked) -> Result<(Seen, Markup)> {
    let here = format!("/evidence/{id}/view/hex");
    let (seen, at, bytes) = inspect::bytes(app, actor, id, asked.byte()?).await?;
    let page = u64::try_from(BYTES).unwrap_or(u64::MAX);
    let end = at + u64::try_from(bytes.len()).unwrap_or(0);
    let last = seen.length.saturating_sub(1) / page * page;
    let content = html! {
        form class="filter-bar" method="get" action=(here) {
            div class="field" { label for="at" { "Go to byte" } input id="at" name="at" value=[asked.at()] placeholder="4096 or 0x1000" data-mono="" autocomplete="off" inputmode="text"; }
            button class="button" type="submit" { "Go" }
        }
        section class="viewer" aria-label="Bytes" {
            div class="viewer-head" {
                span { @if bytes.is_empty() { "There are no bytes" } @else { "Bytes " (at) " to " (end.saturating_sub(1)) " of " (seen.length) } }
            }
            pre data-tall="" tabindex="0" aria-label="Bytes as hexadecimal digits and as ASCII" { (dump(at, &bytes)) }
        }
        (pager(&here, "", at > 0, (at > 0).then(|| format!("?at={}", at.saturating_sub(page))), (end < seen.length).then(|| format!("?at={end}")), (end < seen.length).then_some(format!("?at={last}")).as_deref()))
    };
    Ok((seen, content))
}

/// Sixteen bytes a line: offset, hexadecimal, and what is printable.
pub(in crate::evidence) fn dump(at: u64, bytes: &[u8]) -> Markup {
    html! {
        @for (line, number) in bytes.chunks(16).zip(0u64..) {
            @let (left, right) = line.split_at_checked(8).unwrap_or((line, &[]));
            @let printable: String = line.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '·' }).collect();
            span class="offset" { (format!("{:08x}", at + number * 16)) } "  " (format!("{:<23}  {:<23}", digits(left), digits(right))) "  " (printable) "\n"
        }
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

pub(super) async fn strings(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    asked: &Asked,
) -> Result<(Seen, Markup)> {
    let here = format!("/evidence/{id}/view/strings");
    let least = asked.min.unwrap_or(6).clamp(SHORTEST, 200);
    let at = asked.byte()?;
    let (seen, told) = inspect::strings(app, actor, id, at, least).await?;
    let content = html! {
        form class="filter-bar" method="get" action=(here) {
            div class="field" { label for="min" { "At least" }
                select id="min" name="min" { @for length in LENGTHS { option value=(length) selected[length == least] { (length) " characters" } } }
            }
            button class="button" type="submit" { "Show" }
        }
        (list(id, &told))
        (pager(&here, &format!("Looked through from byte {at}{} of {}", told.next.map(|next| format!(" to {next}")).unwrap_or_default(), told.length), at > 0, None, told.next.map(|next| format!("?at={next}&min={least}")), None))
    };
    Ok((seen, content))
}

fn list(id: EvidenceId, told: &Strings) -> Markup {
    html! {
        @if told.found.is_empty() {
            (parts::empty("search", "No strings here", "No run of printable characters is that long in this part of the item. Ask for shorter ones, or go on.", None))
        } @else {
            div class="table-scroll" role="region" aria-label="Strings" tabindex="0" {
                table class="table" data-dense="" {
                    thead { tr { th { "At byte" } th { "As" } th { "String" } } }
                    tbody {
                        @for found in &told.found {
                            tr {
                                td class="nowrap" { a class="mono" href={ "/evidence/" (id) "/view/hex?at=" (found.at) } { (format!("0x{:08x}", found.at)) } }
                                td class="nowrap muted" { @if found.wide { "UTF-16" } @else { "ASCII" } }
                                td class="cell-main mono breaks" { (found.text) @if found.characters > LONGEST { span class="muted" { " … " (found.characters - LONGEST) " more" } } }
                            }
                        }
                    }
                }
            }
        }
    }
}
