//! The gate that every request passes: who asks, whether the request came from our own pages, and
//! whether the one list of routes lets this role in. A route that is not in the list does not exist.
//! What of the records somebody may see is decided behind it, by the services.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use domain::Actor;

use super::credentials;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;
use crate::router::{Needs, needs};

/// `__Host-`: only over a secure connection (or loopback), for this host and all its paths.
pub const COOKIE: &str = "__Host-watchbell";

pub async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Result<Response> {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let needs =
        path.as_deref().and_then(|path| needs(request.method(), path)).ok_or(Error::NotFound("page"))?;
    let actor = who(&app, request.method(), request.uri().path(), request.headers()).await?;
    match (needs, &actor) {
        (Needs::Nothing, _) => {}
        (Needs::SignIn | Needs::May(_), None) => return Err(Error::SignInFirst),
        (Needs::SignIn, Some(_)) => {}
        (Needs::May(permission), Some(actor)) if actor.may(permission) => {}
        (Needs::May(permission), Some(_)) => return Err(Error::Forbidden(permission.label())),
    }
    if let Some(actor) = actor {
        request.extensions_mut().insert(actor);
    }
    Ok(next.run(request).await)
}

/// An API key in `Authorization`, else the session cookie.
pub(super) async fn who(
    app: &App,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Option<Actor>> {
    if let Some(key) = credentials::key(headers, path) {
        return identity::actor_of_key(app, &key).await?.map(Some).ok_or(Error::SignInFirst);
    }
    let Some(token) = session_token(headers) else { return Ok(None) };
    if !method.is_safe() && !same_origin(headers) {
        return Err(Error::Forbidden("this request came from another site's page"));
    }
    identity::actor_of_session(app, &token).await
}

/// The session's token from the cookies of a request.
pub fn session_token(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// Whether a browser sent this from one of our own pages. Browsers say so in `Sec-Fetch-Site`, older
/// ones in `Origin`; what says neither is no browser and carries no cookie that it was not given.
pub fn same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// The `Set-Cookie` value that opens a session.
pub fn session_cookie(token: &str) -> String {
    format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// The `Set-Cookie` value that ends it.
pub fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}
