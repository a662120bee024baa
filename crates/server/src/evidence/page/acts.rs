//! What may be done with an item now, each act with the fields that it owes and the password that signs it.

use domain::evidence::{CustodyAct, CustodyStatus, Pending};
use domain::{Actor, Permission};
use maud::{Markup, html};

use super::super::Evidence;
use crate::identity::Account;
use crate::web::parts;

pub fn card(item: &Evidence, actor: &Actor, people: &[Account]) -> Markup {
    let possible = possible(item, actor);
    html! {
        @if !possible.is_empty() {
            section class="card" aria-labelledby="acts" {
                div class="card-head" { h2 id="acts" { "Handle" } span class="muted" { "Each act is signed with your password, and can't be changed." } }
                div class="card-body row" {
                    @for act in possible { (form(item, act, actor, people)) }
                }
            }
        }
    }
}

fn possible(item: &Evidence, actor: &Actor) -> Vec<CustodyAct> {
    use CustodyAct as A;
    let mine = |account| actor.user() == Some(account);
    let mut acts = match (&item.pending, item.status) {
        (Some(Pending::Transfer { account, .. }), _) if mine(*account) => vec![A::Accepted, A::Refused],
        (Some(Pending::Transfer { .. }), _) => vec![A::Withdrawn],
        (Some(Pending::Destruction { by }), _) if mine(*by) => vec![A::DestructionDeclined],
        (Some(Pending::Destruction { .. }), _) => vec![A::Destroyed, A::DestructionDeclined],
        (None, CustodyStatus::Held) => vec![A::Offered, A::CheckedOut, A::Sealed],
        (None, CustodyStatus::CheckedOut) => vec![A::Returned],
        (None, CustodyStatus::Sealed) => vec![A::Offered, A::Unsealed],
        (None, CustodyStatus::Destroyed) => return Vec::new(),
    };
    acts.push(A::Attested);
    let ends = matches!(item.status, CustodyStatus::Held | CustodyStatus::Sealed);
    if ends && item.pending.is_none() && item.delivery.is_none() {
        acts.push(A::DestructionProposed);
    }
    acts
}

/// Verb, what the receiver's field is called, what the reason's is, and what is said once it is done.
struct Words {
    verb: &'static str,
    receiver: Option<&'static str>,
    reason: &'static str,
    help: &'static str,
    done: &'static str,
}

fn words(item: &Evidence, act: CustodyAct, actor: &Actor) -> Option<Words> {
    let stands = "The act stands, signed, in the chain of custody";
    let words = |verb, receiver, reason, help| Words { verb, receiver, reason, help, done: stands };
    let collected_by_me = item.custody.first().is_some_and(|link| link.account == actor.user());
    Some(match act {
        CustodyAct::Offered => Words {
            done: "Offered; it moves when they accept",
            ..words(
                "Transfer",
                Some("New custodian"),
                "Reason or bag number",
                "They have to accept with their own signature.",
            )
        },
        CustodyAct::Accepted => words(
            "Accept the transfer",
            None,
            "Remark",
            "With your signature you answer for the item from now on.",
        ),
        CustodyAct::Refused => words("Refuse", None, "Why", "The item stays with its custodian."),
        CustodyAct::Withdrawn => {
            words("Withdraw the offer", None, "Why", "The item stays with its custodian.")
        }
        CustodyAct::CheckedOut => words(
            "Check out",
            Some("Who takes it"),
            "What for",
            "The custodian answers for it until it is back.",
        ),
        CustodyAct::Returned => words("Take back", None, "Remark", "It is back in its custodian's hands."),
        CustodyAct::Sealed => {
            words("Seal", None, "Seal number", "A sealed item is not checked out until it is unsealed.")
        }
        CustodyAct::Unsealed => words("Unseal", None, "Why", "Say why the seal is broken."),
        CustodyAct::Attested if collected_by_me => words(
            "Sign the collection",
            None,
            "Remark",
            "You confirm that you acquired it as its record says, with the SHA-256 above.",
        ),
        CustodyAct::Attested => words(
            "Attest as a witness",
            None,
            "What you saw",
            "You confirm with your signature what you saw.",
        ),
        CustodyAct::DestructionProposed => {
            words("Propose destruction", None, "Why", "Somebody else has to approve it.")
        }
        CustodyAct::DestructionDeclined => words("Decline destruction", None, "Why", "The item is kept."),
        CustodyAct::Destroyed => Words {
            done: "The key is destroyed; the record stays",
            ..words(
                "Approve and destroy",
                None,
                "Remark",
                "Its key is destroyed. Nobody can read the bytes again; the record stays.",
            )
        },
        CustodyAct::Collected | CustodyAct::Transferred => return None,
    })
}

fn form(item: &Evidence, act: CustodyAct, actor: &Actor, people: &[Account]) -> Markup {
    let Some(words) = words(item, act, actor) else { return Markup::default() };
    let owed = act.owes_reason().is_some();
    let destroys = act == CustodyAct::Destroyed;
    let (to, reason, password) = (format!("to-{act}"), format!("reason-{act}"), format!("password-{act}"));
    let kind = if destroys { "danger" } else { "primary" };
    html! {
        details class="act" {
            summary class="button" { (words.verb) }
            form class="form gap-top" method="post" action={ "/evidence/" (item.id) "/custody" } data-done=(words.done)
                data-confirm=[destroys.then_some("The key of this item is destroyed and its bytes can never be read again.")]
                data-confirm-word=[destroys.then(|| item.id.to_string())] {
                input type="hidden" name="act" value=(act);
                p class="muted" { (words.help) }
                div class="field-row" {
                    @if let Some(label) = words.receiver {
                        div class="field" { label for=(to) { (label) }
                            @if act == CustodyAct::Offered { (receivers(&to, actor, people)) }
                            @else { input id=(to) name="to" required maxlength="200" autocomplete="off"; }
                        }
                    }
                    div class="field" {
                        label for=(reason) { (words.reason) @if !owed { " " span class="optional" { "(optional)" } } }
                        input id=(reason) name="reason" required[owed] maxlength="2000" autocomplete="off";
                    }
                    div class="field" {
                        label for=(password) { "Your password" }
                        input id=(password) type="password" name="password" required autocomplete="current-password";
                    }
                }
                div class="form-actions" { button class="button" data-kind=(kind) type="submit" { (parts::icon("lock")) (words.verb) } }
            }
        }
    }
}

fn receivers(id: &str, actor: &Actor, people: &[Account]) -> Markup {
    let may = |account: &&Account| {
        !account.disabled && account.role.may(Permission::WorkIncident) && actor.user() != Some(account.id)
    };
    html! {
        select id=(id) name="to" required {
            option value="" { "Choose a person" }
            @for account in people.iter().filter(may) { option value=(account.id) { (account.name) } }
        }
    }
}
