//! Commands over HTTP: http-api and openc2-http. One request to the target's own address; no redirect is followed, and
//! the connection goes to the address that was found reachable.

use std::time::Duration;

use base64::Engine;
use cacao::{Playbook, Work};
use reqwest::{Method, Request, RequestBuilder, Url};

use super::{Fault, LARGEST, complaint, secret, text};
use crate::app::App;
use crate::egress;
use crate::playbook::run::Record;

pub(super) async fn send(
    app: &App,
    run: &Record,
    work: &Work,
    playbook: &Playbook,
    patience: Duration,
) -> Result<String, Fault> {
    let (method, url) = line(work)?;
    let host = url.host_str().ok_or_else(|| Fault::refused("the address names no host"))?;
    let addresses = app.reach.addresses(host, url.port_or_known_default().unwrap_or(80)).await?;
    let client = egress::client(host, &addresses, patience)
        .ok_or_else(|| Fault::refused("no client for HTTP could be made"))?;
    let request = request(app, run, work, playbook, client.request(method, url))?;
    let mut response = client.execute(request).await.map_err(|error| failed(&error))?;
    let status = response.status();
    let mut body = Vec::new();
    // The status is the answer; a body that breaks off changes nothing of what was done.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            break;
        }
    }
    let said = text(&body);
    if status.is_success() {
        return Ok(said);
    }
    let again = status.is_server_error() || status.as_u16() == 429 || status.as_u16() == 408;
    Err(Fault::Failed { message: format!("the answer was {status}: {}", complaint(&said)), again })
}

/// A request that never left was not done; one that left may have been.
fn failed(error: &reqwest::Error) -> Fault {
    if error.is_connect() {
        return Fault::Failed { message: "no connection to the host".to_owned(), again: true };
    }
    if error.is_builder() {
        return Fault::refused("the request cannot be made of this command");
    }
    Fault::Unknown(if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        "the connection broke off before the answer".to_owned()
    })
}

/// The start line as it is sent: the method, and the target at the host's address.
fn line(work: &Work) -> Result<(Method, Url), Fault> {
    let line = cacao::start_line(&work.call.command).map_err(Fault::refused)?;
    let method = Method::from_bytes(line.method.as_bytes())
        .map_err(|_| Fault::refused("there is no such HTTP method"))?;
    Ok((method, address(work, &line.target)?))
}

fn request(
    app: &App,
    run: &Record,
    work: &Work,
    playbook: &Playbook,
    mut request: RequestBuilder,
) -> Result<Request, Fault> {
    let call = &work.call;
    for (name, values) in &call.headers {
        for value in values {
            request = request.header(name, value);
        }
    }
    if call.kind == "openc2-http"
        && !call.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"))
    {
        request = request.header("content-type", "application/openc2+json;version=1.0");
    }
    // Whoever understands it takes the request once, however often it comes.
    request = request.header("idempotency-key", format!("{}/{}", run.id, work.key));
    if let Some(body) = &call.body {
        request = request.body(body.clone());
    }
    request = signed_in(app, work, playbook, request)?;
    request.build().map_err(|_| Fault::refused("the request cannot be made of this command"))
}

fn address(work: &Work, target: &str) -> Result<Url, Fault> {
    let (kind, address) =
        work.call.address.as_ref().ok_or_else(|| Fault::refused("the target has no address of a host"))?;
    let base = match kind.as_str() {
        "url" => address.trim_end_matches('/').to_owned(),
        "ipv6" => authority(&format!("[{address}]"), work.call.port.as_deref()),
        _ => authority(address, work.call.port.as_deref()),
    };
    let url = Url::parse(&format!("{base}{target}"))
        .map_err(|_| Fault::refused("the target's address is no URL"))?;
    let plain =
        ["http", "https"].contains(&url.scheme()) && url.username().is_empty() && url.password().is_none();
    if plain { Ok(url) } else { Err(Fault::refused("the target's address is no plain http or https URL")) }
}

fn authority(host: &str, port: Option<&str>) -> String {
    match port {
        Some("443") => format!("https://{host}"),
        Some(port) => format!("http://{host}:{port}"),
        None => format!("http://{host}"),
    }
}

fn signed_in(
    app: &App,
    work: &Work,
    playbook: &Playbook,
    request: RequestBuilder,
) -> Result<RequestBuilder, Fault> {
    let Some(info) = work.call.authentication.as_deref().and_then(|id| playbook.authentication(id)) else {
        return Ok(request);
    };
    let name = info.reference().ok_or_else(|| {
        Fault::refused("the target's authentication names no secret (`kms_key_identifier`)")
    })?;
    let secret = secret(app, name)?;
    Ok(match info.user() {
        Some(user) => {
            let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{secret}"));
            request.header("authorization", format!("Basic {both}"))
        }
        None => request.header("authorization", format!("Bearer {secret}")),
    })
}
