//! The names of all figures, and what each says.
//!
//! Owns the list. `docs/self-hosting.md` has the same; a test compares them, and what the dashboard and the alerts use.

/// What a figure is to Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Grows from the start of the process.
    Counter,
    /// As it is now.
    Gauge,
    /// How many took how long.
    Histogram,
}

/// Figures of one name.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    pub name: &'static str,
    pub kind: Kind,
    /// For Prometheus, and for who reads it there.
    pub says: &'static str,
}

macro_rules! families {
    ($($constant:ident = $kind:ident $name:literal $says:literal;)*) => {
        $(pub const $constant: Family = Family { name: $name, kind: Kind::$kind, says: $says };)*

        /// All of them. Beside them there are those of the process, which `metrics-process` names.
        pub const ALL: &[Family] = &[$($constant,)*];
    };
}

families! {
    BUILD_INFO = Gauge "cliquet_build_info" "1, with the version of the program";
    READY = Gauge "cliquet_ready" "1 when every store answers, as /ready says, else 0";
    REQUESTS = Counter "cliquet_http_requests_total"
        "Requests that were answered, by method, route and class of status";
    DURATIONS = Histogram "cliquet_http_request_duration_seconds"
        "From a request to the beginning of its answer; a poll that is held takes its time";
    PROBLEMS = Counter "cliquet_problems_total" "Requests that were refused or failed, by the code of the problem";
    THROTTLED = Counter "cliquet_throttled_total"
        "What a limit refused, by the name of the limit in `throttles` without _hour";
    POLLS_HELD = Gauge "cliquet_polls_held" "Polls that wait for something now";
    ACCEPTED = Counter "cliquet_envelopes_accepted_total" "Envelopes that were taken for a device";
    DELIVERED = Counter "cliquet_envelopes_delivered_total" "Envelopes that their devices acknowledged";
    EXPIRED = Counter "cliquet_envelopes_expired_total" "Envelopes that nobody fetched in time";
    PUSHES = Counter "cliquet_pushes_total"
        "Words to push services: sent, given up (failed), or to a browser that is gone";
    MAILBOX_ENVELOPES = Gauge "cliquet_mailbox_envelopes" "Envelopes that wait to be fetched, notices included";
    MAILBOX_BYTES = Gauge "cliquet_mailbox_bytes" "Bytes of the envelopes that wait to be fetched";
    MAILBOX_OLDEST = Gauge "cliquet_mailbox_oldest_seconds"
        "How long the oldest of them has waited; 0 when there is none";
    MAILBOX_LIFE = Gauge "cliquet_mailbox_life_seconds" "How long an envelope may wait, by mailbox_limits";
    ACCOUNTS = Gauge "cliquet_accounts" "Accounts";
    DEVICES = Gauge "cliquet_devices" "Devices that are not revoked";
    STORAGE_BYTES = Gauge "cliquet_storage_bytes" "Bytes in use in the data folder";
    STORAGE_LIMIT = Gauge "cliquet_storage_limit_bytes" "What storage_megabytes allows; 0: as much as the disk has";
    DISK_FREE = Gauge "cliquet_disk_free_bytes" "What the disk of the data folder has left";
    FILES = Gauge "cliquet_files" "Files that people sent, those that are being uploaded included";
    FILES_BYTES = Gauge "cliquet_files_bytes" "Bytes of those files, as the quotas count them";
    FILES_LIMIT = Gauge "cliquet_files_limit_bytes" "What files_megabytes allows";
}
