//! Chats that take a message at an incoming webhook: Slack, Mattermost, and Microsoft Teams, whose workflows take an
//! adaptive card. The webhook's URL is the secret. What people wrote is text in all three, never markup.

use domain::notify::ChannelKind;
use serde_json::{Value, json};

use super::{Kind, Letter, Outgoing, Place, Way};

pub const SLACK: Kind = hook(ChannelKind::Slack, slack);
pub const MATTERMOST: Kind = hook(ChannelKind::Mattermost, mattermost);
pub const TEAMS: Kind = hook(ChannelKind::Teams, teams);

const fn hook(kind: ChannelKind, request: fn(&Place<'_>, &Letter) -> Outgoing) -> Kind {
    Kind {
        kind,
        address: "Name of the room, for you to know it by",
        detail: "",
        secret: "URL of the incoming webhook",
        contact: None,
        needs_secret: true,
        way: Way::Http(request),
    }
}

fn slack(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let plain = |text: &str| json!({ "type": "plain_text", "text": cut(text, 2900), "emoji": false });
    let mut blocks = vec![
        json!({ "type": "header", "text": { "type": "plain_text", "text": cut(&letter.subject, 150), "emoji": false } }),
        json!({ "type": "section", "text": plain(&letter.text) }),
    ];
    if let Some(link) = &letter.link {
        let button = json!({ "type": "button", "text": plain("Answer"), "url": link });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    Outgoing::json(place.secret.to_owned(), &json!({ "text": escaped(&letter.subject), "blocks": blocks }))
}

/// `&`, `<` and `>` are all that Slack's text knows as signs of its own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn mattermost(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let text = format!("{}\n```text\n{}\n```", literal(&letter.subject), letter.text.replace("```", "'''"));
    let text = match &letter.link {
        Some(link) => format!("{text}\n[Answer]({link})"),
        None => text,
    };
    Outgoing::json(place.secret.to_owned(), &json!({ "text": text }))
}

/// Markdown's signs taken as they are; nobody is called by an `@`.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '@' {
            out.push_str("@\u{200b}");
            continue;
        }
        if letter.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn teams(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let run =
        |text: &str| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text }] });
    let title = json!({ "type": "RichTextBlock",
        "inlines": [{ "type": "TextRun", "text": letter.subject, "weight": "Bolder", "size": "Medium" }] });
    let actions: Vec<Value> = letter
        .link
        .iter()
        .map(|link| json!({ "type": "Action.OpenUrl", "title": "Answer", "url": link }))
        .collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [title, run(&letter.text)],
        "actions": actions,
    });
    let body = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    });
    Outgoing::json(place.secret.to_owned(), &body)
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
