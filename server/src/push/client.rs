//! One request to a push service (RFC 8030 section 5).
//!
//! Owns whom the server calls at all: public addresses, over HTTPS, without following anybody elsewhere. Knows nothing of
//! devices.

use super::{address::is_public, endpoint::Endpoint};
use crate::{config::Config, outgoing};
use std::{
    fmt::{self, Debug},
    io, thread,
    time::Duration,
};
use tokio::sync::oneshot;
use ureq::{
    Agent, Error,
    config::Config as AgentConfig,
    http::{StatusCode, Uri, header},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

pub use outgoing::TrustError;

/// For one answer of a push service.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a push service keeps word for a browser that is away: the longest time that all of today's take.
const TTL_SECONDS: u32 = 28 * 24 * 3600;
/// The longest pause that a push service may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// RFC 8030 section 5.4: of two words that wait for the same browser, the later one is kept. They are all alike.
const TOPIC: &str = "new";

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The push service took it.
    Sent,
    /// There is no such place, or it is not one to which word is sent. It says so again however often it is asked.
    Gone,
    /// It may be otherwise later, and not before this time if it says so.
    Later(Option<Duration>),
}

#[derive(Debug)]
pub(super) struct PushClient(Agent);

impl PushClient {
    pub(super) fn new(config: &Config) -> Result<Self, TrustError> {
        let settings = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(true)
            .user_agent(outgoing::USER_AGENT)
            .proxy(config.push_proxy.as_ref().map(|proxy| proxy.0.clone()))
            .tls_config(outgoing::tls(config.push_trust.as_ref())?)
            .build();
        // Of a proxy it is the host's to say whom it reaches.
        let agent = match config.push_proxy {
            Some(_) => Agent::new_with_config(settings),
            None => {
                let resolver = PublicResolver {
                    private_hosts: config.push_private_hosts.clone(),
                    dns: DefaultResolver::default(),
                };
                Agent::with_parts(settings, DefaultConnector::default(), resolver)
            }
        };
        Ok(Self(agent))
    }

    /// On a thread of its own: those of Rocket for what blocks are few, and the server does not wait for this one when it
    /// stops.
    pub(super) async fn post(&self, endpoint: Endpoint, authorization: String) -> Outcome {
        let (agent, (answer, answered)) = (self.0.clone(), oneshot::channel());
        let begun = thread::Builder::new().name("push".to_owned()).spawn(move || {
            let _ = answer.send(post(&agent, &endpoint, &authorization));
        });
        match begun {
            Ok(_) => answered.await.unwrap_or(Outcome::Later(None)),
            Err(_) => Outcome::Later(None),
        }
    }
}

fn post(agent: &Agent, endpoint: &Endpoint, authorization: &str) -> Outcome {
    let request = agent
        .post(endpoint.as_str())
        .header(header::AUTHORIZATION, authorization)
        .header("TTL", TTL_SECONDS.to_string())
        .header("Topic", TOPIC)
        .header("Urgency", "high");
    match request.send_empty() {
        Ok(answer) => {
            let pause = answer.headers().get(header::RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
            outcome(answer.status(), pause)
        }
        Err(Error::Io(error)) if error.get_ref().is_some_and(|inner| inner.is::<PrivateAddress>()) => {
            tracing::warn!("no word is sent to {endpoint:?}: {error}");
            Outcome::Gone
        }
        Err(error) => {
            tracing::debug!("no word was sent to {endpoint:?}: {error}");
            Outcome::Later(None)
        }
    }
}

fn outcome(status: StatusCode, pause: Option<u64>) -> Outcome {
    match status {
        status if status.is_success() => Outcome::Sent,
        // RFC 8030 section 5.1 and RFC 8292 section 4.2; and a place that leads elsewhere is no push resource.
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Outcome::Later(pause.map(pause_of)),
        status if status.is_client_error() || status.is_redirection() => Outcome::Gone,
        _ => Outcome::Later(pause.map(pause_of)),
    }
}

fn pause_of(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(PAUSE_MAX)
}

/// Finds where a name leads, and refuses private addresses. The connection goes to the very address that was looked at.
struct PublicResolver {
    private_hosts: Vec<String>,
    dns: DefaultResolver,
}

impl Resolver for PublicResolver {
    fn resolve(&self, uri: &Uri, config: &AgentConfig, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.dns.resolve(uri, config, timeout)?;
        let is_allowed = uri.host().is_some_and(|name| self.private_hosts.iter().any(|host| host == name));
        if is_allowed || found.iter().all(|address| is_public(address.ip())) {
            return Ok(found);
        }
        Err(io::Error::other(PrivateAddress).into())
    }
}

impl Debug for PublicResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicResolver").field("private_hosts", &self.private_hosts).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name leads into a private network; push_private_hosts may allow it")]
struct PrivateAddress;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_push_service_answers_says_whether_to_try_again() {
        for sent in [200, 201, 202, 204] {
            assert!(matches!(outcome(StatusCode::from_u16(sent).unwrap(), None), Outcome::Sent));
        }
        for gone in [301, 307, 400, 401, 403, 404, 410, 413] {
            assert!(matches!(outcome(StatusCode::from_u16(gone).unwrap(), None), Outcome::Gone));
        }
        for later in [408, 429, 500, 502, 503] {
            let said = outcome(StatusCode::from_u16(later).unwrap(), Some(7));
            assert!(matches!(said, Outcome::Later(Some(pause)) if pause == Duration::from_secs(7)));
        }
        let long = outcome(StatusCode::TOO_MANY_REQUESTS, Some(u64::MAX));
        assert!(matches!(long, Outcome::Later(Some(pause)) if pause == PAUSE_MAX));
    }
}
