//! `cliquet serve`: people's server, and around it what a server without a proxy in front needs.
//!
//! Owns the order: settings, certificate, server; and that the server starts again when its certificate is a new one.

mod acme;
mod https;
mod plain_http;

use crate::{host::Outcome, logger};
use cliquet_server::{clock::Clock, config};
use https::OwnHttps;
use rocket::{
    error::ErrorKind,
    fairing::AdHoc,
    figment::Figment,
    tokio::signal::unix::{SignalKind, signal},
};
use sd_notify::NotifyState;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Serves until a signal ends it.
pub(crate) fn serve() -> Outcome {
    let figment = config::figment();
    let rocket::Config { log_level, .. } = rocket::Config::try_from(&figment)?;
    // A format that is none is refused with the other settings.
    logger::start(log_level, figment.extract_inner("log_format").unwrap_or_default());
    rocket::execute(async {
        let Some(mut https) = OwnHttps::open(&figment).await? else { return serve_once(figment, None).await };
        let is_ended = ended_by_signal()?;
        loop {
            serve_once(https.settings(figment.clone()), Some(&mut https)).await?;
            if is_ended.load(Ordering::Relaxed) {
                break;
            }
            tracing::info!("there is a new certificate: the server starts again with it");
        }
        https.end().await;
        Ok(())
    })
}

/// Serves until a signal ends it, or until there is a new certificate.
async fn serve_once(figment: Figment, https: Option<&mut OwnHttps>) -> Outcome {
    let rocket::Config { address, port, .. } = rocket::Config::try_from(&figment)?;
    let says_where = AdHoc::on_liftoff("Says where", move |_| {
        Box::pin(async move {
            tracing::info!(%address, port, "listening on {address} port {port}");
            tell_service_manager();
        })
    });
    // Rocket panics when its error goes unseen.
    let in_words = |error: rocket::Error| match error.kind() {
        ErrorKind::Bind(cause) => format!("{address} port {port} cannot be listened on: {cause}"),
        _ => error.pretty_print().to_owned(),
    };
    let server =
        cliquet_server::build(figment, Clock::system())?.attach(says_where).ignite().await.map_err(in_words)?;
    let shutdown = server.shutdown();
    let mut launch = Box::pin(server.launch());
    if let Some(https) = https {
        rocket::tokio::select! {
            ended = &mut launch => return ended.map(drop).map_err(|error| in_words(error).into()),
            () = https.replaced() => shutdown.notify(),
        }
    }
    launch.await.map(drop).map_err(|error| in_words(error).into())
}

/// Says that the server answers: systemd waits for it (sd_notify(3)). Without a service manager nobody is told.
fn tell_service_manager() {
    if let Err(error) = sd_notify::notify(&[NotifyState::Ready]) {
        tracing::warn!("the service manager could not be told: {error}");
    }
}

/// Becomes true when the process is asked to end. Rocket, which listens for the same signals, does not say whether it ended
/// by one.
fn ended_by_signal() -> Result<Arc<AtomicBool>, std::io::Error> {
    let is_ended = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let (mut asked, is_ended) = (signal(kind)?, Arc::clone(&is_ended));
        rocket::tokio::spawn(async move {
            if asked.recv().await.is_some() {
                is_ended.store(true, Ordering::Relaxed);
            }
        });
    }
    Ok(is_ended)
}
