//! Answers the figures, at an address of their own: a second, small server in the same process.
//!
//! Owns that server's life: it listens before the other one does, or neither does, and it ends with it. The address of
//! the other one never answers a figure.

use super::{measures::Measures, problems::ProblemCounts, registry::Registry, requests::Requests};
use crate::config::{self, Config, MetricsAddress};
use rocket::{
    Build, Rocket, State,
    config::{LogLevel, Shutdown},
    error::ErrorKind,
    fairing::AdHoc,
    get,
    http::{ContentType, MediaType},
    routes,
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, oneshot},
    task::JoinHandle,
};

/// Between two times that what was timed is put into its buckets while nobody asks.
const SETTLED_EVERY: Duration = Duration::from_secs(10);

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("metrics: {0} cannot be listened on: {1}; choose another address or port, or remove the setting")]
    Listen(MetricsAddress, String),
    #[error("metrics: the registry was not made: {0}")]
    Registry(#[from] metrics_exporter_prometheus::BuildError),
    #[error("metrics: the stores are not attached")]
    Stores,
}

/// What an answer is made from.
struct Source {
    registry: Registry,
    measures: Measures,
}

/// The server of figures, while the other one runs.
struct Running {
    shutdown: rocket::Shutdown,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Counts problems always, which costs nothing; the rest only where the setting `metrics` names an address. After all
/// that it looks at.
pub fn stage() -> AdHoc {
    AdHoc::try_on_ignite("Figures", |rocket| async {
        let rocket = rocket.manage(ProblemCounts::default());
        let Some(address) = rocket.state::<Config>().and_then(|config| config.metrics) else { return Ok(rocket) };
        match start(&rocket, address).await {
            Ok((registry, running)) => Ok(rocket
                .manage(running)
                .attach(Requests::new(registry))
                .attach(AdHoc::on_shutdown("End of figures", |rocket| Box::pin(end(rocket.state::<Running>()))))),
            Err(error) => {
                tracing::error!("{error}");
                Err(rocket)
            }
        }
    })
}

/// Returns when it listens.
async fn start(rocket: &Rocket<Build>, address: MetricsAddress) -> Result<(Registry, Running), Error> {
    let registry = Registry::new()?;
    let measures = Measures::of(rocket, &registry).ok_or(Error::Stores)?;
    let source = Arc::new(Source { registry: registry.clone(), measures });
    let (listens, listening) = oneshot::channel();
    let listens = Mutex::new(Some(listens));
    // Not the settings of the other one: what a variable says of its port would count here too.
    let log_level = rocket.figment().extract_inner("log_level").unwrap_or(LogLevel::Normal);
    let server = rocket::custom(settings(address, log_level)).manage(source).mount("/", routes![figures]).attach(
        AdHoc::on_liftoff("Listens", |_| {
            Box::pin(async move {
                if let Some(listens) = listens.lock().await.take() {
                    let _ = listens.send(());
                }
            })
        }),
    );
    let not_listening = move |error: &rocket::Error| {
        let cause = match error.kind() {
            ErrorKind::Bind(cause) => cause.to_string(),
            _ => error.to_string(),
        };
        Error::Listen(address, cause)
    };
    let server = server.ignite().await.map_err(|error| not_listening(&error))?;
    let shutdown = server.shutdown();
    let launch = server.launch();
    let settling = registry.clone();
    let (failed, failure) = oneshot::channel();
    let task = tokio::spawn(async move {
        tokio::select! {
            ended = launch => if let Err(error) = ended {
                let _ = failed.send(not_listening(&error));
            },
            () = settle_at_intervals(settling) => {}
        }
    });
    tokio::select! {
        Ok(()) = listening => Ok((registry, Running { shutdown, task: Mutex::new(Some(task)) })),
        Ok(error) = failure => Err(error),
        else => Err(Error::Listen(address, "it ended at once".to_owned())),
    }
}

/// It is ended by the other one, and not by signals; at once, so that the other one never needs longer for it.
fn settings(address: MetricsAddress, log_level: LogLevel) -> rocket::Config {
    let shutdown = Shutdown { ctrlc: false, signals: HashSet::new(), grace: 0, mercy: 0, ..Shutdown::default() };
    let (address, port) = (address.address().ip(), address.address().port());
    rocket::Config { address, port, log_level, shutdown, ..config::rocket_defaults() }
}

async fn settle_at_intervals(registry: Registry) {
    loop {
        tokio::time::sleep(SETTLED_EVERY).await;
        registry.settle();
    }
}

/// Its stores are let go when this returns.
async fn end(running: Option<&Running>) {
    let Some(Running { shutdown, task }) = running else { return };
    shutdown.clone().notify();
    if let Some(task) = task.lock().await.take() {
        let _ = task.await;
    }
}

/// All figures, in Prometheus's text format.
#[get("/metrics")]
async fn figures(source: &State<Arc<Source>>) -> (ContentType, String) {
    source.measures.write(&source.registry).await;
    let format = ContentType(MediaType::const_new("text", "plain", &[("version", "0.0.4"), ("charset", "utf-8")]));
    (format, source.registry.render())
}
