//! The real server as `watchbell serve` runs it, on a free port with a data folder of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use reqwest::Client;

use crate::support::command;

const PASSWORD: &str = "correct horse battery";

pub struct Running {
    pub child: Child,
    pub base: String,
    /// The one-time link, at the first start.
    pub setup: Option<String>,
}

/// Starts the server and waits until it says where it listens.
pub fn start(data: &Path) -> Running {
    start_with(data, &[])
}

/// The same with further arguments.
pub fn start_with(data: &Path, more: &[&str]) -> Running {
    let mut child = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
        .arg(data)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let (mut base, mut setup) = (None, None);
    let mut line = String::new();
    while said.read_line(&mut line).unwrap() > 0 {
        if let Some((_, address)) = line.trim().split_once("listens on ") {
            base = Some(address.to_owned());
        } else if let Some(link) = line.trim().strip_prefix("set up") {
            setup = Some(link.trim().to_owned());
        } else if line.starts_with("Stop it") {
            return Running { child, base: base.expect("an address"), setup };
        }
        line.clear();
    }
    panic!("the server did not start: {:?}", child.wait());
}

impl Running {
    /// Ends it without warning, as SIGKILL does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Makes the first administrator; gives the key of the command line on this machine.
    pub async fn set_up(&self, data: &Path) -> String {
        let link = self.setup.clone().expect("a set-up link at the first start");
        let token = link.split_once("token=").unwrap().1;
        let form = [
            ("token", token),
            ("organisation", "Sample Organisation"),
            ("name", "Ada Admin"),
            ("email", "admin@example.org"),
            ("password", PASSWORD),
        ];
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let answer = client.post(format!("{}/setup", self.base)).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        std::fs::read_to_string(data.join("cli-key")).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that fails leaves no server behind.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Somebody who talks to the server with a key.
pub fn client(key: &str) -> Client {
    let value = format!("Bearer {key}").parse().unwrap();
    let headers = [(reqwest::header::AUTHORIZATION, value)].into_iter().collect();
    Client::builder().default_headers(headers).no_proxy().build().unwrap()
}
