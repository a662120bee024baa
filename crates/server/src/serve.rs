//! Starts a server: opens the store, puts the shipped plan in force, finishes what was interrupted,
//! listens, and stops in order.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::app::{App, Config};
use crate::error::Result;
use crate::intake::syslog::Listeners;
use crate::{audit, evidence, identity, incident, intake, notify, plan, playbook, router};

/// A server that listens but does not answer yet.
pub struct Server {
    pub app: App,
    pub address: SocketAddr,
    /// The one-time set-up token, if nobody has an account.
    pub setup_token: Option<String>,
    listener: TcpListener,
    pub syslog: Listeners,
}

impl Server {
    /// Opens the store and the port.
    pub async fn bind(config: &Config, address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let syslog = Listeners::bind(&config.syslog).await?;
        let app = App::open(config).await?;
        plan::ensure_in_force(&app).await?;
        incident::library::shipped()?;
        intake::resume(&app).await?;
        evidence::upload::tidy(&app).await?;
        playbook::shipped::ensure(&app).await?;
        playbook::carry::resume(&app).await?;
        app.notifier.reached_at(&format!("http://{}", listener.local_addr()?));
        let setup_token = identity::offer_setup(&app).await?;
        Ok(Server { address: listener.local_addr()?, app, setup_token, listener, syslog })
    }

    /// Answers until `stop` completes; then finishes requests under way and closes the store.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let signing = tokio::spawn(audit::sign_as_it_grows(self.app.clone()));
        let routes = router::router(self.app.clone());
        let (stopping, stopped) = tokio::sync::watch::channel(false);
        let watching = tokio::spawn(intake::silence::watch(self.app.clone()));
        let clocks = tokio::spawn(incident::response::clock::watch(self.app.clone()));
        let keeping = tokio::spawn(evidence::recheck::watch(self.app.clone()));
        let carrying = tokio::spawn(playbook::carry::watch(self.app.clone()));
        let telling = tokio::spawn(notify::worker::watch(self.app.clone()));
        let syslog = tokio::spawn(self.syslog.serve(self.app.clone(), stopped.clone()));
        let graceful = async move {
            stop.await;
            stopping.send(true).ok();
        };
        let serving = axum::serve(self.listener, routes).with_graceful_shutdown(graceful);
        tokio::select! {
            served = serving => served?,
            // Live pages never end by themselves: after a moment's grace they are cut.
            () = cut(stopped) => {}
        }
        // What was received is committed before the store closes.
        syslog.await.ok();
        watching.abort();
        clocks.abort();
        keeping.abort();
        carrying.abort();
        telling.abort();
        signing.abort();
        audit::sign_now(&self.app).await?;
        self.app.db.close().await;
        Ok(())
    }
}

async fn cut(mut stopped: tokio::sync::watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    } else {
        std::future::pending::<()>().await;
    }
}
