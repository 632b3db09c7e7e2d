//! A second, small server in the same process, at an address of its own: for what people's browsers never ask.
//!
//! Owns its life: when it starts it listens, or says why not; who started it ends it, and signals do not.

use crate::config::{self, ListenAddress};
use rocket::{
    Build, Rocket,
    config::{LogLevel, Shutdown},
    error::ErrorKind,
    fairing::AdHoc,
};
use std::collections::HashSet;
use tokio::{
    sync::{Mutex, oneshot},
    task::JoinHandle,
};

/// Why it does not listen.
#[derive(Debug, thiserror::Error)]
#[error("{address} cannot be listened on: {cause}; choose another address or port, or remove the setting")]
pub struct NotListening {
    address: ListenAddress,
    cause: String,
}

/// A server that runs.
#[derive(Debug)]
pub struct SideServer {
    shutdown: rocket::Shutdown,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl SideServer {
    /// Starts a server with what `furnish` puts into it.
    ///
    /// # Errors
    ///
    /// It does not listen.
    pub async fn start(
        address: ListenAddress,
        log_level: LogLevel,
        furnish: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Result<Self, NotListening> {
        let (listens, listening) = oneshot::channel();
        let listens = Mutex::new(Some(listens));
        // Not the settings of the other one: what a variable says of its port would count here too.
        let server = furnish(rocket::custom(settings(address, log_level)));
        let server = server.attach(AdHoc::on_liftoff("Listens", |_| {
            Box::pin(async move {
                if let Some(listens) = listens.lock().await.take() {
                    let _ = listens.send(());
                }
            })
        }));
        let not_listening = move |error: &rocket::Error| {
            let cause = match error.kind() {
                ErrorKind::Bind(cause) => cause.to_string(),
                _ => error.to_string(),
            };
            NotListening { address, cause }
        };
        let server = server.ignite().await.map_err(|error| not_listening(&error))?;
        let shutdown = server.shutdown();
        let launch = server.launch();
        let (failed, failure) = oneshot::channel();
        let task = tokio::spawn(async move {
            if let Err(error) = launch.await {
                let _ = failed.send(not_listening(&error));
            }
        });
        tokio::select! {
            Ok(()) = listening => Ok(Self { shutdown, task: Mutex::new(Some(task)) }),
            Ok(error) = failure => Err(error),
            else => Err(NotListening { address, cause: "it ended at once".to_owned() }),
        }
    }

    /// What it holds is let go when this returns.
    pub async fn end(&self) {
        self.shutdown.clone().notify();
        if let Some(task) = self.task.lock().await.take() {
            let _ = task.await;
        }
    }
}

/// It is ended at once, so that the other one never needs longer for it.
fn settings(address: ListenAddress, log_level: LogLevel) -> rocket::Config {
    let shutdown = Shutdown { ctrlc: false, signals: HashSet::new(), grace: 0, mercy: 0, ..Shutdown::default() };
    let (address, port) = (address.address().ip(), address.address().port());
    rocket::Config { address, port, log_level, shutdown, ..config::rocket_defaults() }
}
