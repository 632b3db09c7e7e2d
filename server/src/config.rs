//! Settings, each with its default and its reason. They come from `Rocket.toml` and from `ROCKET_…` variables.
//!
//! Owns every limit that only the server applies. The limits both sides share stand in `cliquet_wire::limits`.

mod acme;
mod listen;
mod observing;
mod push;

use crate::public_url::PublicUrl;
pub use acme::AcmeDirectory;
use cliquet_wire::limits;
pub use listen::ListenAddress;
pub use observing::LogFormat;
pub use push::PushProxy;
use rocket::figment::{
    self, Figment,
    providers::{Env, Format, Toml},
    value::magic::RelativePathBuf,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Who may open an account. The first account is free whatever this says, or for who has an invite if the host made one:
/// somebody must be able to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    Open,
    /// With a token made by `cliquet invite create`. The default: a server on the open net is not a free-for-all.
    #[default]
    Invite,
    Closed,
}

/// The settings of ours; Rocket keeps its own (address, port, `ip_header`, …) in the same file.
///
/// `ip_header` is Rocket's. It must be off unless a proxy in front sets the header itself, or anyone writes any address
/// into it and passes under every limit by address; see [`figment()`].
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Where `cliquet.db` lives. Relative to `Rocket.toml`.
    data_dir: RelativePathBuf,
    pub registration: Registration,
    /// `sqlite`, or where Redis listens: `redis://…`.
    pub mailbox: String,
    /// Lets the sign-in cookie travel over plain HTTP to a name other than localhost. For a trusted network only.
    pub insecure_cookie: bool,
    /// A month: long enough not to nag, short enough that a forgotten browser signs out by itself.
    pub sign_in_days: u32,
    /// How long a browser is known after somebody signed in from it: half a year, so that who comes back now and then is.
    pub known_browser_days: u32,
    /// How long nobody can sign up with the address of a deleted account: a year, so that the contacts of that account have
    /// heard of its end before somebody else has its address. 0: at once.
    pub address_rest_days: u32,
    /// Where people open this server, such as `https://chat.example.org`: for links that the host prints.
    pub url: Option<PublicUrl>,
    /// A week to accept an invite.
    pub invite_days: u32,
    /// How much sealed history the server keeps for one account, in MiB; 0 for none. A quarter of a gigabyte is a million short
    /// messages.
    pub history_megabytes: u32,
    /// Mebibytes of everything in the data folder. Past it nothing more is taken, and what is there stays. 0: as much as
    /// the disk has.
    pub storage_megabytes: u32,
    /// Where the bytes of files are: `folder`, in the data folder, or `s3://bucket/prefix`, for a program that was built with
    /// the feature `s3`. `AWS_…` variables say where that is and who asks.
    pub files_store: String,
    /// Mebibytes of the largest file, as the server has it: padded and encrypted, a few percent more than the file. So a file of a
    /// hundred million bytes fits. 0: no files are taken.
    pub file_megabytes: u32,
    /// Mebibytes of all files of one account, those that are being uploaded included: some thousand photos. 0: no files.
    pub account_files_megabytes: u32,
    /// Mebibytes of the files of all accounts. Fixed, and not a share of the free room, so that what else is on the disk
    /// never makes it change from day to day; `cliquet doctor` says when the disk has less. 0: no files.
    pub files_megabytes: u32,
    /// How long a complete file is kept: three months, so that a device that was away for a holiday still gets it. The
    /// browsers of its readers have it by then. 0: no files.
    pub files_keep_days: u32,
    /// Where somebody reports a security fault of this server; nothing is said when it is not set.
    pub security_contact: Option<SecurityContact>,
    /// Where figures for Prometheus are answered, never on the port of people; not set: nowhere.
    pub metrics: Option<ListenAddress>,
    /// Fetches the certificate for `url` and keeps it fresh (RFC 8555), for a server without a proxy in front. It makes the
    /// server ask somebody else, so it is off unless the host wants it.
    pub acme: bool,
    /// Who gives the certificate: Let's Encrypt, unless the host says another ACME server.
    pub acme_directory: AcmeDirectory,
    /// The certificate (PEM) by which an ACME server of one's own network is known; not set: those that browsers trust.
    pub acme_trust: Option<RelativePathBuf>,
    /// Where plain HTTP is answered, with the way to HTTPS: for a server without a proxy in front.
    pub redirect: Option<ListenAddress>,
    /// Whether devices that ask for it are told by web push that something waits while no page is open. Nobody is called
    /// before a person has turned it on in a browser.
    pub push: bool,
    /// The proxy by which push services are reached; not set: none.
    pub push_proxy: Option<PushProxy>,
    /// Names and addresses of push services that may be in a private network. All others must not: a person chooses whom
    /// the server calls.
    pub push_private_hosts: Vec<String>,
    /// The certificate (PEM) by which a push service of one's own network is known; not set: those that browsers trust.
    pub push_trust: Option<RelativePathBuf>,
    pub log_format: LogFormat,
    pub mailbox_limits: MailboxLimits,
    pub throttles: Throttles,
}

/// The address of a `Contact` line of RFC 9116, 2.5.3: `https:`, `mailto:` or `tel:`, printable ASCII without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SecurityContact(String);

/// A `security_contact` that is no address.
#[derive(Debug, thiserror::Error)]
#[error("security_contact is `mailto:…`, `https://…` or `tel:…`, without spaces")]
pub struct NotAContact;

impl TryFrom<String> for SecurityContact {
    type Error = NotAContact;

    fn try_from(text: String) -> Result<Self, NotAContact> {
        let known = ["https://", "mailto:", "tel:"]
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        // A line break would begin a field of its own.
        if known && text.chars().all(|c| c.is_ascii_graphic()) { Ok(Self(text)) } else { Err(NotAContact) }
    }
}

impl fmt::Display for SecurityContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one mailbox holds. Tests make these small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MailboxLimits {
    pub envelopes_max: u64,
    pub bytes_max: u64,
    pub life_seconds: u64,
    /// Percent of the envelopes and of the bytes that one sender may use: a quarter, so that one sender
    /// cannot shut all others out.
    pub sender_percent: u64,
    /// Envelopes from a sender whom the receiver has not added, within the life of an envelope: enough to say who one is.
    pub stranger_envelopes: u64,
}

impl MailboxLimits {
    /// The share of one sender: envelopes, and bytes.
    pub fn share(&self) -> (u64, u64) {
        let share = |all: u64| all / 100 * self.sender_percent + all % 100 * self.sender_percent / 100;
        (share(self.envelopes_max), share(self.bytes_max))
    }

    /// The oldest time of acceptance that is still handed out.
    pub fn oldest_living_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.life_seconds.saturating_mul(1_000))
    }
}

/// A post counts once against `post_per_account_hour`, or `ephemeral_per_account_hour`, for so many envelopes, or what is left of them: no post to one person
/// and the sender's own devices has more. So the envelopes of an hour are bounded whatever the posts are, and one to a group
/// of 400 devices counts 25 times.
pub const ENVELOPES_PER_TURN: usize = 2 * limits::DEVICES_MAX;

/// How often a post of so many envelopes counts.
pub fn turns(envelopes: usize) -> u32 {
    u32::try_from(envelopes.div_ceil(ENVELOPES_PER_TURN)).unwrap_or(u32::MAX).max(1)
}

/// How often, before 429. Each is a bucket that refills evenly over the hour and may be emptied at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Throttles {
    /// Guesses at any passwords from one network (an IPv4 address, a /64 of IPv6): an office behind one address signs in
    /// on Monday morning. What is a guess: see `guesses` (S2).
    pub guess_per_network_hour: u32,
    /// Guesses at one address's password from one network. Who mistypes has another try six minutes later.
    pub guess_per_address_and_network_hour: u32,
    /// Guesses at one address's password from all networks of one customer (a /24, a /48): more hosts are no more guesses.
    pub guess_per_address_and_vicinity_hour: u32,
    /// Guesses at one address's password from everywhere: high, so that thirty vicinities must be at it together before
    /// somebody who comes from a new network has to wait; low enough to bound what they guess in a year.
    pub guess_per_address_hour: u32,
    /// Guesses at one address's password from one browser that somebody signed in from before.
    pub guess_per_known_browser_hour: u32,
    /// Sign-ups from one IP address, both steps: a family's evening, not a farm. Also bounds probing for taken addresses.
    pub sign_up_per_ip_hour: u32,
    /// Steps of a sign-up with one good invite, which do not count for the network: a class or an office may come at once.
    pub sign_up_per_invite_hour: u32,
    /// Addresses one account looks up or adds: enough to type in a circle of friends, too slow to list a server's users.
    pub look_up_per_account_hour: u32,
    /// Contact requests of one account, to people who have not added it: enough for an evening's circle of friends.
    pub request_per_account_hour: u32,
    /// Bundles one account claims: every device of two groups of the largest size in one hour (K7). Who may not write to
    /// an account gets none of it, however many are left.
    pub claim_per_requester_hour: u32,
    /// Bundles one account claims from one other: a few new sessions for each of its devices (K7).
    pub claim_per_pair_hour: u32,
    /// Bundles claimed from one account by all others: below the stock a sleeping device keeps, so that one night
    /// does not use it up; past it senders get bundles without a one-time key and are not refused (K6, K7).
    pub one_time_per_target_hour: u32,
    /// Posts of messages by one account: a fast writer to many people, retries included. A post to a group counts as the
    /// posts to one person that have as many envelopes: see [`ENVELOPES_PER_TURN`].
    pub post_per_account_hour: u32,
    /// Posts of ephemeral envelopes by one account: one each second while typing, twice over; or in the largest group that
    /// is told, one each five seconds.
    pub ephemeral_per_account_hour: u32,
    /// Changes of vault, pre-keys, devices and contacts by one account, each a signature to check or a disk write.
    pub change_per_account_hour: u32,
    /// Pieces of history that one account adds or reads: a new device reads a full quota by about three hundred.
    pub history_per_account_hour: u32,
    /// Uploads that one account opens, looks at or deletes: an album of a hundred photos, each with a preview, and retries.
    pub file_per_account_hour: u32,
    /// Chunks of files that one account adds or reads, each a mebibyte and a disk write or read: 10 GB in an hour. Reading a
    /// whole file counts once for each chunk.
    pub chunk_per_account_hour: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data").into(),
            registration: Registration::default(),
            mailbox: "sqlite".to_owned(),
            insecure_cookie: false,
            sign_in_days: 30,
            known_browser_days: 180,
            address_rest_days: 365,
            url: None,
            invite_days: 7,
            history_megabytes: 256,
            storage_megabytes: 0,
            files_store: "folder".to_owned(),
            file_megabytes: 100,
            account_files_megabytes: 2_048,
            files_megabytes: 20_480,
            files_keep_days: 90,
            security_contact: None,
            metrics: None,
            acme: false,
            acme_directory: AcmeDirectory::default(),
            acme_trust: None,
            redirect: None,
            push: true,
            push_proxy: None,
            push_private_hosts: Vec::new(),
            push_trust: None,
            log_format: LogFormat::default(),
            mailbox_limits: MailboxLimits::default(),
            throttles: Throttles::default(),
        }
    }
}

impl Default for MailboxLimits {
    fn default() -> Self {
        Self {
            envelopes_max: limits::MAILBOX_ENVELOPES_MAX,
            bytes_max: limits::MAILBOX_BYTES_MAX,
            life_seconds: limits::ENVELOPE_LIFE_SECONDS,
            sender_percent: 25,
            stranger_envelopes: 20,
        }
    }
}

impl Default for Throttles {
    fn default() -> Self {
        Self {
            guess_per_network_hour: 60,
            guess_per_address_and_network_hour: 10,
            guess_per_address_and_vicinity_hour: 20,
            guess_per_address_hour: 300,
            guess_per_known_browser_hour: 20,
            sign_up_per_ip_hour: 20,
            sign_up_per_invite_hour: 20,
            look_up_per_account_hour: 30,
            request_per_account_hour: 20,
            claim_per_requester_hour: 800,
            claim_per_pair_hour: 40,
            one_time_per_target_hour: 50,
            post_per_account_hour: 3_600,
            ephemeral_per_account_hour: 7_200,
            change_per_account_hour: 300,
            history_per_account_hour: 3_600,
            file_per_account_hour: 600,
            chunk_per_account_hour: 10_000,
        }
    }
}

impl Config {
    /// Reads what is ours from all settings.
    // The error is figment's own and is made once, at start.
    #[allow(clippy::result_large_err)]
    pub fn from_figment(figment: &Figment) -> Result<Self, figment::Error> {
        figment.extract()
    }

    /// Bytes of history for one account.
    pub fn history_quota(&self) -> u64 {
        u64::from(self.history_megabytes) * 1024 * 1024
    }

    /// Bytes of everything that this server keeps. 0: no limit.
    pub fn storage_bytes(&self) -> u64 {
        u64::from(self.storage_megabytes) * 1024 * 1024
    }

    /// Where plain HTTP is answered. A certificate by ACME is given to who answers there: for that it is port 80 of every
    /// address unless the host says another.
    pub fn redirect(&self) -> Option<ListenAddress> {
        const EVERYWHERE: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 80);
        self.redirect.or_else(|| self.acme.then(|| EVERYWHERE.into()))
    }

    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.relative()
    }
}

/// Of the threads for what blocks, so many may wait for a file that someone else has locked: one writer of the accounts,
/// one of the history, one of the files. The others are as many as the machine has cores; they read, and readers wait for
/// nobody.
const THREADS_FOR_WAITING: usize = 3;

/// Rocket's own settings before anyone sets any.
pub fn rocket_defaults() -> rocket::Config {
    rocket::Config {
        // Rocket believes `X-Real-IP` from anyone unless told otherwise; a host behind a proxy sets it in Rocket.toml.
        ip_header: None,
        // Nobody needs to know what answers.
        ident: rocket::config::Ident::none(),
        // Held polls are answered at once when the server stops; this is for connections that hang. Three seconds in all.
        shutdown: rocket::config::Shutdown { grace: 1, mercy: 1, ..Default::default() },
        // Each has a heap of its own, which is memory that every held poll pays for.
        max_blocking: THREADS_FOR_WAITING + rocket::Config::default().workers,
        ..rocket::Config::default()
    }
}

/// Where the settings of a server are that a package of the system has installed.
pub const SYSTEM_FOLDER: &str = "/etc/cliquet";
/// Where such a server keeps its data.
pub const SYSTEM_DATA_FOLDER: &str = "/var/lib/cliquet";
const FILE_NAME: &str = "Rocket.toml";

/// The file of settings: what `ROCKET_CONFIG` names; else `Rocket.toml` here; else that of the system, if Cliquet is
/// installed there.
pub fn file() -> PathBuf {
    let here = PathBuf::from(FILE_NAME);
    match Env::var("ROCKET_CONFIG") {
        Some(named) => named.into(),
        None if !here.exists() && Path::new(SYSTEM_FOLDER).is_dir() => Path::new(SYSTEM_FOLDER).join(FILE_NAME),
        None => here,
    }
}

/// Whether the settings are those of a server that a package of the system has installed.
pub fn is_of_system() -> bool {
    file().parent() == Some(Path::new(SYSTEM_FOLDER))
}

/// Where settings come from, the later over the earlier: our defaults for Rocket, [`file`], `ROCKET_…` variables.
pub fn figment() -> Figment {
    Figment::from(rocket_defaults())
        .merge(Toml::file(file()).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE", "CONFIG"]).global())
}

/// Bytes a route takes, by resource. Rocket refuses more with 413 before it reads them.
pub mod sizes {
    use cliquet_wire::limits::*;

    /// Addresses, ids and OPAQUE's first steps: a few hundred bytes each.
    pub const SMALL: usize = 8 * 1024;
    /// A blob of so many bytes as base64.
    const fn base64(bytes: usize) -> usize {
        bytes.div_ceil(3) * 4
    }
    /// The vault, which one it replaces, and perhaps a proof.
    pub const VAULT: usize = base64(VAULT_BYTES_MAX) + 2048;
    /// A new password or recovery key with the vault that is locked under it.
    pub const LOCKED_VAULT: usize = VAULT + SMALL;
    /// A piece of history.
    pub const SEGMENT: usize = base64(SEGMENT_BYTES_MAX) + 1024;
    /// A device: certificate, list, two signed pre-keys, and [`ONE_TIME_PRE_KEYS_FULL`] one-time ones under 100 bytes each.
    pub const DEVICE: usize = 16 * 1024 + ONE_TIME_PRE_KEYS_FULL * 100;
    /// Record, key, vault and device.
    pub const SIGN_UP: usize = VAULT + DEVICE + SMALL;
    /// All envelopes of one post, and the delivery tokens of their receivers.
    pub const MESSAGES: usize = POST_BYTES_MAX;
    /// All ephemeral envelopes of one post, each with two addresses, two ids and the names of its fields; and the delivery
    /// tokens of their receivers.
    pub const EPHEMERAL: usize = EPHEMERAL_PER_POST_MAX
        * (base64(EPHEMERAL_CIPHERTEXT_BYTES_MAX) + 2 * ADDRESS_BYTES_MAX + 320)
        + EPHEMERAL_ACCOUNTS_MAX * (ADDRESS_BYTES_MAX + 32)
        + 64;
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn read(toml: &str) -> Result<Config, String> {
        Config::from_figment(&Figment::from(Toml::string(toml))).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let config = Config::from_figment(&Figment::new()).unwrap();
        assert_eq!(config.registration, Registration::Invite);
        assert_eq!(config.mailbox, "sqlite");
        assert_eq!(config.throttles, Throttles::default());
        assert!(!config.insecure_cookie);
    }

    #[test]
    fn one_setting_leaves_the_others_alone() {
        let toml = "registration = \"open\"\nthrottles = { look_up_per_account_hour = 2 }";
        let config = read(toml).unwrap();
        assert_eq!(config.registration, Registration::Open);
        assert_eq!(config.throttles, Throttles { look_up_per_account_hour: 2, ..Throttles::default() });
    }

    #[test]
    fn the_address_header_is_off_unless_set() {
        assert_eq!(rocket::Config::try_from(figment()).unwrap().ip_header, None);
    }
}
