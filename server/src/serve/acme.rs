//! A certificate that the server fetches, and fetches again before it runs out (ACME, RFC 8555, over HTTP).
//!
//! Owns when it asks, and the files: one with certificate and key, replaced as a whole, and one with the account at the ACME
//! server. The protocol is the library's.

use super::plain_http::Challenges;
use crate::certificate::CertificateFiles;
use cliquet_server::{
    causes,
    config::{AcmeDirectory, Config},
    outgoing::{self, TrustError},
    private_files,
    public_url::PublicUrl,
};
use http_body_util::{BodyExt as _, Full};
use instant_acme::{
    Account, AuthorizationStatus, BodyWrapper, BytesResponse, ChallengeType, HttpClient, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use rocket::tokio::{task::spawn_blocking, time::sleep};
use std::{
    fs,
    future::Future,
    io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};
use ureq::{
    Agent,
    http::{Request, Response},
};

/// In the data folder.
const FOLDER: &str = "certificate";
const ACCOUNT: &str = "account.json";
/// How often it is looked whether the certificate is due.
const LOOK_EVERY: Duration = Duration::from_secs(6 * 3600);
/// After an attempt that failed. Let's Encrypt allows five failed ones in an hour.
const AGAIN_AFTER: Duration = Duration::from_secs(15 * 60);
/// For one answer of the ACME server.
const PATIENCE: Duration = Duration::from_secs(30);
/// For the ACME server to look at this one, and to sign.
const ORDER_PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcmeError {
    #[error("{} cannot be written", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("acme_trust: {0}")]
    Trust(#[from] TrustError),
    #[error("{} is not an account of an ACME server: remove it, and a new one is opened", .0.display())]
    Account(PathBuf),
    #[error("the ACME server refuses or does not answer")]
    Protocol(#[from] instant_acme::Error),
    #[error(
        "the ACME server did not find this server at http://{name}: {why}. The name has to lead to this machine, and port 80 has to be open"
    )]
    NotFound { name: String, why: String },
    #[error("the ACME server does not look over HTTP (http-01)")]
    NoHttp,
}

/// What it takes to get one.
#[derive(Debug)]
pub(super) struct Acme {
    directory: AcmeDirectory,
    agent: Agent,
    name: String,
    folder: PathBuf,
    challenges: Arc<Challenges>,
}

impl Acme {
    pub(super) fn new(config: &Config, url: &PublicUrl, challenges: Arc<Challenges>) -> Result<Self, AcmeError> {
        // Of its own for each ACME server: who has tried with a testing one gets another account and a certificate.
        let folder = config.data_dir().join(FOLDER).join(config.acme_directory.host());
        private_files::make_folder(&folder).map_err(|source| AcmeError::Folder { path: folder.clone(), source })?;
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .https_only(true)
            .user_agent(outgoing::USER_AGENT)
            .tls_config(outgoing::tls(config.acme_trust.as_ref())?)
            .build()
            .into();
        let (directory, name) = (config.acme_directory.clone(), url.host().to_owned());
        Ok(Self { directory, agent, name, folder, challenges })
    }

    pub(super) fn files(&self) -> CertificateFiles {
        let pair = self.folder.join(self.pair_name());
        CertificateFiles { certs: pair.clone(), key: pair }
    }

    fn pair_name(&self) -> String {
        format!("{}.pem", self.name)
    }

    /// Returns when there is a certificate that has not run out, however many attempts that takes: how long until the next
    /// look at it.
    pub(super) async fn get_first(&self) -> Duration {
        loop {
            let wait = self.look().await;
            if self.has_any() {
                return wait;
            }
            sleep(wait).await;
        }
    }

    /// Fetches a new one whenever it is due. The first look is after this time.
    pub(super) async fn keep_fresh(self, mut wait: Duration) {
        loop {
            sleep(wait).await;
            wait = self.look().await;
        }
    }

    /// Fetches a certificate if it is due, once, whatever comes of it: how long until the next look.
    async fn look(&self) -> Duration {
        if !self.is_due() {
            return LOOK_EVERY;
        }
        tracing::info!("asking {} for a certificate for {}", self.directory, self.name);
        match self.get().await {
            Ok(()) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!("no certificate was fetched: {}", causes::on_one_line(&error));
                AGAIN_AFTER
            }
        }
    }

    fn has_any(&self) -> bool {
        self.files().read().is_ok_and(|certificate| !certificate.has_run_out(SystemTime::now()))
    }

    fn is_due(&self) -> bool {
        self.files().read().map_or(true, |certificate| certificate.is_due(SystemTime::now()))
    }

    async fn get(&self) -> Result<(), AcmeError> {
        let got = self.order().await;
        self.challenges.forget_all();
        self.write(&self.pair_name(), got?.as_bytes())?;
        tracing::info!("there is a new certificate for {}", self.name);
        Ok(())
    }

    /// The key and the certificates, as PEM.
    async fn order(&self) -> Result<String, AcmeError> {
        let account = self.account().await?;
        let names = [Identifier::Dns(self.name.clone())];
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let mut challenge = authorization.challenge(ChallengeType::Http01).ok_or(AcmeError::NoHttp)?;
            self.challenges.set(challenge.token.clone(), challenge.key_authorization().as_str().to_owned());
            challenge.set_ready().await?;
        }
        match order.poll_ready(&ORDER_PATIENCE).await {
            Ok(OrderStatus::Ready) => {}
            Ok(_) => return Err(self.not_found(why_not(&mut order).await)),
            Err(instant_acme::Error::Api(problem)) if is_about_the_challenge(&problem) => {
                return Err(self.not_found(problem.detail.unwrap_or_default()));
            }
            Err(error) => return Err(error.into()),
        }
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&ORDER_PATIENCE).await?;
        Ok(key + &chain)
    }

    fn not_found(&self, why: String) -> AcmeError {
        AcmeError::NotFound { name: self.name.clone(), why }
    }

    /// The one that was opened before, or a new one, which is kept before it is used.
    async fn account(&self) -> Result<Account, AcmeError> {
        let path = self.folder.join(ACCOUNT);
        let builder = Account::builder_with_http(Box::new(Client(self.agent.clone())));
        if let Ok(kept) = fs::read(&path) {
            let credentials = serde_json::from_slice(&kept).map_err(|_| AcmeError::Account(path))?;
            return Ok(builder.from_credentials(credentials).await?);
        }
        let new = NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder.create(&new, self.directory.to_string(), None).await?;
        let kept = serde_json::to_vec(&credentials).map_err(instant_acme::Error::from)?;
        self.write(ACCOUNT, &kept)?;
        Ok(account)
    }

    /// Replaces a file, which is whole at any moment.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), AcmeError> {
        let path = self.folder.join(name);
        private_files::replace(&path, bytes).map_err(|source| AcmeError::Folder { path, source })
    }
}

/// RFC 8555 section 6.7: what comes of looking for the challenge.
fn is_about_the_challenge(problem: &Problem) -> bool {
    let kind = problem.r#type.as_deref().and_then(|kind| kind.strip_prefix("urn:ietf:params:acme:error:"));
    matches!(kind, Some("connection" | "dns" | "incorrectResponse" | "tls" | "unauthorized"))
}

/// What the ACME server says of the attempt to reach this one.
async fn why_not(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        let problems = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        if let Some(detail) = problems.filter_map(|problem| problem.detail.clone()).next() {
            return detail;
        }
    }
    "it does not say why".to_owned()
}

/// The library's requests over the doctor's client.
struct Client(Agent);

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<bytes::Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let agent = self.0.clone();
        let other = |error: Box<dyn std::error::Error + Send + Sync>| instant_acme::Error::Other(error);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|error| other(error.into()))?.to_bytes();
            let request = Request::from_parts(head, body.to_vec());
            let answer = spawn_blocking(move || {
                let (head, mut body) = agent.run(request)?.into_parts();
                Ok::<_, ureq::Error>(Response::from_parts(head, Full::<bytes::Bytes>::from(body.read_to_vec()?)))
            });
            let answer = answer.await.map_err(|error| other(error.into()))?;
            Ok(answer.map_err(|error| other(error.into()))?.into())
        })
    }
}
