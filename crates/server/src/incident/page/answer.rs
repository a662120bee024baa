//! The page behind a message's link: it shows what was asked, and only what it sends answers. It needs no sign-in and
//! leads nowhere else.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::MusterId;
use domain::notify::Matter;
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::App;
use crate::error::Result;
use crate::incident::response::muster;
use crate::notify::{self, Notification, link};
use crate::web::extract::{Form, Path};
use crate::web::{assets, frame};

pub async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let opened = link::open(&app, &token).await?;
    Ok(private(&opened.notification, &token))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerForm {
    answer: Said,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Said {
    Seen,
    Coming,
    Cannot,
}

pub async fn take(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(form): Form<AnswerForm>,
) -> Result<Response> {
    let link::Opened { notification, actor } = link::open(&app, &token).await?;
    if notification.is_open() {
        match (form.answer, called(&notification)) {
            (said @ (Said::Coming | Said::Cannot), Some(id)) => {
                muster::answer(&app, &actor, id, said == Said::Coming, None).await?;
            }
            _ => {
                notify::acknowledge(&app, &actor, notification.id).await?;
            }
        }
    }
    let opened = link::open(&app, &token).await?;
    Ok(private(&opened.notification, &token))
}

/// The place that the person is called to by this very message. Whom an escalation told is not called in.
fn called(notification: &Notification) -> Option<MusterId> {
    let own = notification.matter == Matter::Muster && notification.root.is_none();
    own.then(|| notification.record.parse().ok()).flatten()
}

fn private(notification: &Notification, token: &str) -> Response {
    frame::private(page(notification, token)).into_response()
}

fn page(notification: &Notification, token: &str) -> Markup {
    let button = |answer: &str, label: &str, kind: Option<&str>| {
        html! { button class="button" data-kind=[kind] type="submit" name="answer" value=(answer) { (label) } }
    };
    frame::bare(
        "Answer",
        &html! {
            div class="lone-card" {
                div class="lone-brand" { img src=(assets::url("favicon.svg")) alt=""; "Watchbell" }
                div class="card" {
                    div class="card-body" {
                        h1 { (notification.title) }
                        @if notification.is_open() {
                            p { (notification.body) }
                            form method="post" action={ "/answer/" (token) } data-plain="" {
                                div class="row" {
                                    @if called(notification).is_some() {
                                        (button("coming", "I am coming", Some("primary")))
                                        (button("cannot", "I cannot", None))
                                    } @else { (button("seen", "Acknowledge", Some("primary"))) }
                                }
                            }
                        } @else if notification.acknowledged_at.is_some() {
                            p role="status" { "It is acknowledged. Nobody else is told." }
                        } @else {
                            p role="status" { (notification.settled.as_deref().unwrap_or("It is answered.")) }
                        }
                        p { a href="/" { "Sign in" } }
                    }
                }
            }
        },
    )
}
