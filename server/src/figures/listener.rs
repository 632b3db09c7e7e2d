//! Answers the figures, at an address of their own: a second, small server in the same process.
//!
//! Owns that server's life: it listens before the other one does, or neither does, and it ends with it. The address of
//! the other one never answers a figure.

use super::{measures::Measures, problems::ProblemCounts, registry::Registry, requests::Requests};
use crate::{
    config::{Config, ListenAddress},
    side_server::{NotListening, SideServer},
};
use rocket::{
    Build, Rocket, State,
    config::LogLevel,
    fairing::AdHoc,
    get,
    http::{ContentType, MediaType},
    routes,
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// Between two times that what was timed is put into its buckets while nobody asks.
const SETTLED_EVERY: Duration = Duration::from_secs(10);

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("metrics: {0}")]
    Listen(#[from] NotListening),
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
    server: SideServer,
    settling: JoinHandle<()>,
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
async fn start(rocket: &Rocket<Build>, address: ListenAddress) -> Result<(Registry, Running), Error> {
    let registry = Registry::new()?;
    let measures = Measures::of(rocket, &registry).ok_or(Error::Stores)?;
    let source = Arc::new(Source { registry: registry.clone(), measures });
    let log_level = rocket.figment().extract_inner("log_level").unwrap_or(LogLevel::Normal);
    let furnish = |server: Rocket<Build>| server.manage(source).mount("/", routes![figures]);
    let server = SideServer::start(address, log_level, furnish).await?;
    let settling = tokio::spawn(settle_at_intervals(registry.clone()));
    Ok((registry, Running { server, settling }))
}

async fn settle_at_intervals(registry: Registry) {
    loop {
        tokio::time::sleep(SETTLED_EVERY).await;
        registry.settle();
    }
}

/// Its stores are let go when this returns.
async fn end(running: Option<&Running>) {
    let Some(Running { server, settling }) = running else { return };
    settling.abort();
    server.end().await;
}

/// All figures, in Prometheus's text format.
#[get("/metrics")]
async fn figures(source: &State<Arc<Source>>) -> (ContentType, String) {
    source.measures.write(&source.registry).await;
    let format = ContentType(MediaType::const_new("text", "plain", &[("version", "0.0.4"), ("charset", "utf-8")]));
    (format, source.registry.render())
}
