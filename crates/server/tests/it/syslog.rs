//! Syslog over UDP, TCP and TLS: by hand, and with the senders that people have (`logger`, `rsyslogd`)
//! where they are installed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use server::intake::syslog::{Addresses, Listeners, Tls};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::harness::{World, everywhere, spawn};

/// Listeners on free ports of a world.
struct Heard {
    udp: SocketAddr,
    tcp: SocketAddr,
    tls: SocketAddr,
    certificate: CertifiedKey<rcgen::KeyPair>,
    stopping: watch::Sender<bool>,
    serving: JoinHandle<()>,
    folder: tempfile::TempDir,
}

async fn listen(world: &World) -> Heard {
    let certificate = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, certificate.cert.pem()).unwrap();
    std::fs::write(&key, certificate.signing_key.serialize_pem()).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let tls = Tls { address: any, certificate: cert, key, client_ca: None };
    let at = Addresses { udp: Some(any), tcp: Some(any), tls: Some(tls) };
    let listeners = Listeners::bind(&at).await.unwrap();
    let [udp, tcp, tls] = listeners.addresses().map(Option::unwrap);
    let (stopping, stopped) = watch::channel(false);
    let serving = tokio::spawn(listeners.serve(world.app.clone(), stopped));
    Heard { udp, tcp, tls, certificate, stopping, serving, folder }
}

/// The source of this name, once it has so many events.
async fn source(world: &World, name: &str, events: i64) -> Value {
    let begun = Instant::now();
    loop {
        let all = world.observer.get("/api/v1/sources").await.list();
        let found = all.as_array().unwrap().iter().find(|source| source["name"] == name).cloned();
        match found {
            Some(source) if source["events"].as_i64().unwrap() >= events => {
                assert_eq!(source["events"], events, "{source}");
                return source;
            }
            found => assert!(begun.elapsed() < Duration::from_secs(30), "{name}: {found:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn messages_come_over_udp_tcp_and_tls() {
    everywhere(|world| async move {
        let heard = listen(&world).await;
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for number in 0..20 {
            let message = format!("<38>1 2026-03-01T10:00:00Z fw01 sshd 7 - - Accepted {number}");
            socket.send_to(message.as_bytes(), heard.udp).await.unwrap();
        }
        let udp = source(&world, "syslog-udp/127.0.0.1", 20).await;
        assert_eq!((&udp["kind"], &udp["dropped"]), (&"syslog_udp".into(), &0.into()), "{}", world.store);

        let mut stream = TcpStream::connect(heard.tcp).await.unwrap();
        stream.write_all(b"<13>Mar  1 10:00:00 fw01 su: one\n<13>Mar  1 10:00:00 fw01 su: tw").await.unwrap();
        source(&world, "syslog-tcp/127.0.0.1", 1).await;
        stream.write_all(b"o\n38 <13>Mar  1 10:00:00 fw01 su: thr\nee ok").await.unwrap();
        source(&world, "syslog-tcp/127.0.0.1", 3).await;
        let event = world.observer.bytes("/api/v1/events/EVT-23/raw").await.1;
        assert_eq!(event, b"<13>Mar  1 10:00:00 fw01 su: thr\nee ok", "{}", world.store);

        let mut roots = RootCertStore::empty();
        roots.add(heard.certificate.cert.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let plain = TcpStream::connect(heard.tls).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut secure = TlsConnector::from(Arc::new(config)).connect(name, plain).await.unwrap();
        secure.write_all(b"32 <13>Mar  1 10:00:00 fw01 su: tls").await.unwrap();
        secure.shutdown().await.unwrap();
        source(&world, "syslog-tls/127.0.0.1", 1).await;
        // Who speaks no TLS there is no source.
        let mut rude = TcpStream::connect(heard.tls).await.unwrap();
        rude.write_all(b"<13>hello\n").await.unwrap();
        source(&world, "syslog-tls/127.0.0.1", 1).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_received_is_committed_when_the_server_stops() {
    everywhere(|world| async move {
        let heard = listen(&world).await;
        let mut stream = TcpStream::connect(heard.tcp).await.unwrap();
        let mut all = Vec::new();
        for number in 0..4321 {
            all.extend_from_slice(format!("<13>Mar  1 10:00:00 fw01 su: {number}\n").as_bytes());
        }
        stream.write_all(&all).await.unwrap();
        heard.stopping.send(true).unwrap();
        heard.serving.await.unwrap();
        let told = world.observer.get("/api/v1/sources/SRC-1").await.expect(200);
        assert_eq!(told["events"], 4321, "{}", world.store);
    })
    .await;
}

#[tokio::test]
async fn a_paused_source_waits_at_its_sender() {
    let world = spawn().await;
    let heard = listen(&world).await;
    let mut stream = TcpStream::connect(heard.tcp).await.unwrap();
    stream.write_all(b"<13>Mar  1 10:00:00 fw01 su: one\n").await.unwrap();
    source(&world, "syslog-tcp/127.0.0.1", 1).await;
    let edit = |state: &str| serde_json::json!({ "state": state });
    world.responder.patch("/api/v1/sources/SRC-1", edit("paused")).await.expect(200);
    stream.write_all(b"<13>Mar  1 10:00:00 fw01 su: two\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    source(&world, "syslog-tcp/127.0.0.1", 1).await;
    world.responder.patch("/api/v1/sources/SRC-1", edit("active")).await.expect(200);
    source(&world, "syslog-tcp/127.0.0.1", 2).await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "").unwrap();
    let tls = Tls {
        address: "127.0.0.1:0".parse().unwrap(),
        certificate: file.clone(),
        key: file.clone(),
        client_ca: None,
    };
    let at = Addresses { tls: Some(tls), ..Addresses::default() };
    let refusal = Listeners::bind(&at).await.err().unwrap().to_string();
    assert!(refusal.contains("empty.pem") && refusal.contains("no certificate"), "{refusal}");
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_err() {
        println!("skipped: {program} is not installed here");
    }
    found.is_ok()
}

#[tokio::test]
async fn logger_is_heard() {
    if !is_there("logger") {
        return;
    }
    let world = spawn().await;
    let heard = listen(&world).await;
    let log = |address: SocketAddr, how: &[&str], text: &str| {
        let port = address.port().to_string();
        let told = Command::new("logger")
            .args(["--server", "127.0.0.1", "--port", &port, "--tag", "drill"])
            .args(how)
            .arg(text)
            .status()
            .unwrap();
        assert!(told.success());
    };
    log(heard.udp, &["--udp"], "over UDP");
    log(heard.udp, &["--udp", "--rfc3164"], "over UDP, as of old");
    source(&world, "syslog-udp/127.0.0.1", 2).await;
    log(heard.tcp, &["--tcp"], "over TCP");
    // Each message is a connection of its own, and two of them are read in any order.
    source(&world, "syslog-tcp/127.0.0.1", 1).await;
    log(heard.tcp, &["--tcp", "--octet-count"], "over TCP, counted");
    let told = source(&world, "syslog-tcp/127.0.0.1", 2).await;
    assert_eq!(told["refused"], 0);
    let event = world.observer.get("/api/v1/events/EVT-4").await.expect(200);
    assert_eq!(event["fields"]["message"], "over TCP, counted", "{event}");
}

/// Runs rsyslogd until it is dropped.
struct Rsyslogd(std::process::Child);

impl Drop for Rsyslogd {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Follows a file and forwards its lines.
fn forward(folder: &Path, action: &str) -> Rsyslogd {
    let config = folder.join("rsyslog.conf");
    let text = format!(
        "global(workDirectory=\"{0}\")\nmodule(load=\"imfile\" mode=\"polling\" pollingInterval=\"1\")\n\
         input(type=\"imfile\" File=\"{0}/app.log\" Tag=\"app:\" PersistStateInterval=\"1\")\n{action}\n",
        folder.display()
    );
    std::fs::write(&config, text).unwrap();
    let child = Command::new("rsyslogd")
        .args(["-n", "-i"])
        .arg(folder.join("pid"))
        .arg("-f")
        .arg(&config)
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    Rsyslogd(child)
}

#[tokio::test]
async fn rsyslog_forwards_over_tcp_and_tls() {
    if !is_there("rsyslogd") {
        return;
    }
    let world = spawn().await;
    let heard = listen(&world).await;
    let lines: String = (0..2500).map(|number| format!("login failed for user{number}\n")).collect();
    std::fs::write(heard.folder.path().join("app.log"), lines).unwrap();
    let tcp = format!(
        "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{}\" protocol=\"tcp\" \
         TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\")",
        heard.tcp.port()
    );
    {
        let _sender = forward(heard.folder.path(), &tcp);
        let told = source(&world, "syslog-tcp/127.0.0.1", 2500).await;
        assert_eq!(told["refused"], 0);
    }
    if !Path::new("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so").exists() {
        println!("skipped: rsyslog's TLS (package rsyslog-openssl) is not installed here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.log"), "over TLS\n").unwrap();
    let tls = format!(
        "global(DefaultNetstreamDriver=\"ossl\" DefaultNetstreamDriverCAFile=\"{}\")\n\
         action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{}\" protocol=\"tcp\" StreamDriver=\"ossl\" \
         StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" StreamDriverPermittedPeers=\"localhost\" \
         TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\")",
        heard.folder.path().join("cert.pem").display(),
        heard.tls.port()
    );
    let _sender = forward(folder.path(), &tls);
    source(&world, "syslog-tls/127.0.0.1", 1).await;
}
