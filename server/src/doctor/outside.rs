//! What the doctor finds from outside, on a browser's way: by the name, through TLS and the proxy, to the server and back.
//!
//! Owns the requests, and the words of what comes of them. Changes nothing.

use super::finding::Finding;
use cliquet_server::{
    config::Config,
    doctor_pass::{DoctorPass, PASS_HEADER},
    headers,
    public_url::PublicUrl,
    routes::doctor::Arrived,
};
use cliquet_wire::limits::{POLL_SECONDS_MAX, POST_BYTES_MAX};
use rustls::CertificateError;
use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode, Uri, header},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

/// A page that is this long on its way is of no use to anybody.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a proxy should allow an answer to take: the longest poll, and some more.
const ANSWER_SECONDS: u32 = 75;
/// Clocks that are set by the network differ by less than a second.
const SKEW_MAX: Duration = Duration::from_secs(30);
/// An address that no visitor has (RFC 5737), as one who lies would write it.
const LIE: &str = "192.0.2.77";

/// From where the doctor looks.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Looks from outside, too, at the address that people open, such as `https://chat.example.org`. It takes a minute.
    #[arg(long, value_parser = PublicUrl::of_name)]
    url: Option<PublicUrl>,
    /// Goes to this address and does not ask DNS where the name leads, as `127.0.0.1` for a proxy on this machine.
    #[arg(long, requires = "url")]
    at: Option<IpAddr>,
    /// Trusts the certificates in this file (PEM) and no others: for a name that only your own network knows.
    #[arg(long, requires = "url")]
    trust: Option<PathBuf>,
    /// For how many seconds an answer is held back, as a poll is.
    #[arg(long, requires = "url", default_value_t = POLL_SECONDS_MAX)]
    hold: u32,
}

/// Says every finding as soon as there is one. Does nothing where no address was given.
pub(super) fn look(options: &Options, config: &Config, ip_header: Option<&str>, say: &mut impl FnMut(Finding)) {
    let Some(url) = &options.url else { return };
    let agent = match agent(options) {
        Ok(agent) => agent,
        Err(wrong) => return say(wrong),
    };
    let outside = Outside { url, agent, ip_header };
    if let Err(wrong) = outside.reaches_the_server(say) {
        return say(wrong);
    }
    outside.page(say);
    outside.plain_http(say);
    let pass = match DoctorPass::issue(&config.data_dir()) {
        Ok(pass) => pass,
        Err(error) => {
            return say(Finding::Wrong(format!(
                "{} takes no file: {error}. What arrives at the server is not looked at.",
                config.data_dir().display()
            )));
        }
    };
    if outside.arrives(&pass, say) {
        outside.holds(&pass, options.hold, say);
    }
}

struct Outside<'a> {
    url: &'a PublicUrl,
    agent: Agent,
    ip_header: Option<&'a str>,
}

type Answer = Result<Response<Body>, ureq::Error>;

impl Outside<'_> {
    fn get(&self, path: &str) -> Answer {
        self.agent
            .get(format!("{}{path}", self.url))
            .header("Accept", "text/html")
            .header("Accept-Encoding", "br")
            .call()
    }

    /// Asks the server what arrived there.
    fn post(&self, pass: &DoctorPass, seconds: u32, body: &[u8]) -> Answer {
        let mut request = self.agent.post(format!("{}/doctor?seconds={seconds}", self.url));
        request = request.header(PASS_HEADER, pass.header()).header("Origin", self.url.to_string());
        if let Some(name) = self.ip_header {
            request = request.header(name, LIE);
        }
        let patience = PATIENCE + Duration::from_secs((seconds + ANSWER_SECONDS).into());
        request.config().timeout_global(Some(patience)).build().send(body)
    }

    /// `Err`: nothing more can be found out.
    fn reaches_the_server(&self, say: &mut impl FnMut(Finding)) -> Result<(), Finding> {
        let url = self.url;
        let answer = self.get("/ready").map_err(|error| not_reached(url, &error))?;
        match answer.status() {
            StatusCode::OK => say(Finding::Fine(format!("{url} leads to a server that is well."))),
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
                return Err(Finding::Wrong(format!(
                    "A proxy answers at {url} and does not reach Cliquet. Start Cliquet, and compare the address in the proxy's \
                     configuration with `address` and `port` in Rocket.toml."
                )));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                return Err(Finding::Wrong(format!(
                    "The server at {url} is not well: its databases or its Redis do not answer. Its log says more."
                )));
            }
            StatusCode::UNAUTHORIZED => {
                return Err(Finding::Note(format!(
                    "A proxy at {url} asks for a name and a password of its own, and the doctor cannot look past it."
                )));
            }
            status if status.is_redirection() => {
                let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
                return Err(Finding::Wrong(format!(
                    "{url} leads on to {to}. Give that address to people and to the doctor, or serve Cliquet at {url}."
                )));
            }
            status => {
                return Err(Finding::Wrong(format!(
                    "Something answers at {url}, and it is not Cliquet: /ready is {status}. Check the name and the proxy's \
                     configuration; a path below a name is not enough."
                )));
            }
        }
        say(clock(&answer, SystemTime::now()));
        Ok(())
    }

    /// What a browser is told with a page.
    fn page(&self, say: &mut impl FnMut(Finding)) {
        let answer = match self.get("/sign-in") {
            Ok(answer) if answer.status() == StatusCode::OK => answer,
            Ok(answer) => {
                return say(Finding::Wrong(format!(
                    "The page {}/sign-in does not come: {}.",
                    self.url,
                    answer.status()
                )));
            }
            Err(error) => return say(not_reached(self.url, &error)),
        };
        let values = |name: header::HeaderName| {
            let values = answer.headers().get_all(name).iter();
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect::<Vec<_>>()
        };
        say(match values(header::CONTENT_SECURITY_POLICY) == [headers::page_policy()] {
            true => Finding::Fine("Pages arrive with the content security policy that guards them.".to_owned()),
            false => Finding::Wrong(
                "The proxy changes the header Content-Security-Policy, or adds one of its own. Cliquet's is as narrow as it \
                 can be: let the proxy hand it on as it is."
                    .to_owned(),
            ),
        });
        say(match values(header::CONTENT_ENCODING).iter().any(|encoding| encoding == "br") {
            true => Finding::Fine("Pages arrive compressed (brotli).".to_owned()),
            false => Finding::Note(
                "The proxy drops the header Accept-Encoding, so that pages are four times as heavy: let it hand that on."
                    .to_owned(),
            ),
        });
    }

    /// Whether the same name without TLS leads to TLS.
    fn plain_http(&self, say: &mut impl FnMut(Finding)) {
        let is_usual = self.url.to_string() == format!("https://{}", self.url.host());
        if !is_usual {
            return;
        }
        let Ok(answer) = self.agent.get(format!("http://{}/", self.url.host())).call() else {
            return say(Finding::Note(format!(
                "Nothing answers at http://{}: who types the name without https:// may wait in vain. Let the proxy \
                 redirect, or set redirect where there is none.",
                self.url.host()
            )));
        };
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
        say(match answer.status().is_redirection() && to.starts_with("https://") {
            true => Finding::Fine("Who types the name without https:// is led to it.".to_owned()),
            false => Finding::Wrong(format!(
                "http://{} answers without TLS ({}): anyone between a browser and the server could change the pages. Let the \
                 proxy redirect it to https://.",
                self.url.host(),
                answer.status()
            )),
        });
    }

    /// Whether what a browser sends arrives as it was sent. False: nothing more can be found out.
    fn arrives(&self, pass: &DoctorPass, say: &mut impl FnMut(Finding)) -> bool {
        let arrived = match self.post(pass, 0, b"").map(|answer| (answer.status(), answer)) {
            Ok((StatusCode::OK, mut answer)) => answer.body_mut().read_json::<Arrived>().ok(),
            Ok((StatusCode::FORBIDDEN, _)) => {
                say(Finding::Wrong(
                    "The proxy does not pass the host and the port of the request on as `Host`: everything that people send \
                     would be refused as coming from another site."
                        .to_owned(),
                ));
                return false;
            }
            Ok((StatusCode::NOT_FOUND, _)) => {
                say(Finding::Wrong(format!(
                    "The server at {} does not use this data folder, or is an older one. Call the doctor with the settings \
                     of that server.",
                    self.url
                )));
                return false;
            }
            Ok(_) => None,
            Err(error) => {
                say(not_reached(self.url, &error));
                return false;
            }
        };
        let Some(arrived) = arrived else {
            say(Finding::Wrong("The server does not say what arrives there. Its log says more.".to_owned()));
            return false;
        };
        say(Finding::Fine("What browsers send arrives, with the name that they sent it to.".to_owned()));
        if let Some(name) = self.ip_header {
            say(visitor(name, arrived.visitor.as_deref()));
        }
        let megabytes = POST_BYTES_MAX / 1024 / 1024;
        let large =
            self.post(pass, 0, &vec![b'0'; POST_BYTES_MAX]).ok().filter(|answer| answer.status() == StatusCode::OK);
        let bytes =
            large.and_then(|mut answer| answer.body_mut().read_json::<Arrived>().ok()).map(|arrived| arrived.bytes);
        say(match bytes == Some(POST_BYTES_MAX as u64) {
            true => Finding::Fine(format!("A request of {megabytes} MiB arrives.")),
            false => Finding::Wrong(format!(
                "A request of {megabytes} MiB does not arrive, and a message to a large group has as much. Let the proxy take \
                 5 MiB (in nginx: client_max_body_size 5m)."
            )),
        });
        true
    }

    /// Whether an answer may take as long as a poll.
    fn holds(&self, pass: &DoctorPass, seconds: u32, say: &mut impl FnMut(Finding)) {
        let begun = Instant::now();
        let is_held = self.post(pass, seconds, b"").is_ok_and(|answer| answer.status() == StatusCode::OK);
        let took = begun.elapsed().as_secs();
        say(match is_held {
            true => Finding::Fine(format!("An answer may take {seconds} seconds, as the longest poll does.")),
            false => Finding::Note(format!(
                "The proxy gives up after {took} seconds. Browsers ask again and shorten their polls, so that messages \
                 arrive all the same; allow an answer {ANSWER_SECONDS} seconds to have fewer requests."
            )),
        });
    }
}

/// What became of a header with the visitor's address that the visitor wrote.
fn visitor(name: &str, arrived: Option<&str>) -> Finding {
    match arrived {
        Some(LIE) => Finding::Wrong(format!(
            "The proxy hands on the header {name} as a visitor writes it: anyone may write any address and passes under every \
             limit. Let the proxy write it, or remove ip_header from Rocket.toml."
        )),
        Some(text) if text.trim().parse::<IpAddr>().is_ok() => {
            Finding::Fine(format!("The proxy writes visitors' addresses into {name}."))
        }
        Some(_) => Finding::Wrong(format!(
            "What the proxy writes into {name} is no address, so that all visitors look like one and share its limits."
        )),
        None => Finding::Wrong(format!(
            "The proxy does not write the header {name} that ip_header names: all visitors look like one and share its \
             limits. Let the proxy write the visitor's address into it."
        )),
    }
}

fn clock(answer: &Response<Body>, now: SystemTime) -> Finding {
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return Finding::Note("Answers have no date, so that the clock is not compared.".to_owned());
    };
    let skew = now.duration_since(date).unwrap_or_else(|error| error.duration());
    match skew > SKEW_MAX {
        true => Finding::Wrong(format!(
            "The clock here and that of who answers differ by {} seconds. Set both by the network (`timedatectl set-ntp \
             true`): sign-ins, invites and device lists have times.",
            skew.as_secs()
        )),
        false => Finding::Fine("The clock agrees.".to_owned()),
    }
}

fn not_reached(url: &PublicUrl, error: &ureq::Error) -> Finding {
    let name = url.host();
    let why = match error {
        ureq::Error::HostNotFound => {
            format!("DNS does not know {name}. Add an A and an AAAA record with your provider")
        }
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "nothing listens there. Start the proxy, and open its port in the firewall".to_owned()
        }
        ureq::Error::Timeout(_) => {
            "there is no answer. Check where the name leads, and open the port in the firewall".to_owned()
        }
        _ => match certificate_error(error) {
            Some(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                "its certificate ran out. Renew it, and have that done by a timer".to_owned()
            }
            Some(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
                format!("its certificate is for another name. Get one for {name}")
            }
            Some(_) => format!(
                "no browser trusts its certificate ({error}). Get one from a public authority such as Let's Encrypt"
            ),
            None => format!("{error}. Check the name and the proxy"),
        },
    };
    Finding::Wrong(format!("{url} is not reached: {why}."))
}

/// What is wrong with a certificate, if that is why.
fn certificate_error(error: &ureq::Error) -> Option<&CertificateError> {
    let error = match error {
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref()?,
        ureq::Error::Rustls(error) => error,
        _ => return None,
    };
    match error {
        rustls::Error::InvalidCertificate(error) => Some(error),
        _ => None,
    }
}

fn agent(options: &Options) -> Result<Agent, Finding> {
    let mut config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false);
    if let Some(path) = &options.trust {
        let unusable =
            |why: String| Finding::Wrong(format!("{} holds no certificate to trust: {why}.", path.display()));
        let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let found = parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        let found: Vec<Certificate<'static>> = found.collect();
        if found.is_empty() {
            return Err(unusable("it is no PEM file with one".to_owned()));
        }
        config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::from(found)).build());
    }
    Ok(Agent::with_parts(config.build(), DefaultConnector::default(), Names { at: options.at }))
}

/// Where names lead: to one address, or where DNS says.
#[derive(Debug)]
struct Names {
    at: Option<IpAddr>,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let Some(address) = self.at else {
            // What the system says of a name that nobody knows differs from system to system.
            return DefaultResolver::default().resolve(uri, config, timeout).map_err(|error| match error {
                ureq::Error::Io(_) => ureq::Error::HostNotFound,
                error => error,
            });
        };
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let mut addresses = self.empty();
        addresses.push(SocketAddr::new(address, uri.port_u16().unwrap_or(default)));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wrong(finding: &Finding) -> bool {
        matches!(finding, Finding::Wrong(_))
    }

    #[test]
    fn only_a_visitor_s_address_that_the_proxy_wrote_is_right() {
        for (arrived, wrong) in [
            (Some("198.51.100.7"), false),
            (Some("2001:db8::1"), false),
            (Some(LIE), true),
            (Some("192.0.2.77, 198.51.100.7"), true),
            (Some(""), true),
            (None, true),
        ] {
            assert_eq!(is_wrong(&visitor("X-Real-IP", arrived)), wrong, "{arrived:?}");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_half_a_minute() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for (seconds, wrong) in [(0, false), (30, false), (31, true)] {
            for at in [now + Duration::from_secs(seconds), now - Duration::from_secs(seconds)] {
                let answer =
                    Response::builder().header("Date", httpdate::fmt_http_date(now)).body(Body::builder().data(""));
                assert_eq!(is_wrong(&clock(&answer.unwrap(), at)), wrong, "{seconds}");
            }
        }
    }
}
