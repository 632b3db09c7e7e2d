//! Rate limits: how often one person, one address or one network may ask.
//!
//! Owns the buckets. Their sizes and the reasons are in `config`. Buckets live in memory: a restart empties them.

use crate::{config::Throttles, error::Error};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock, Reference as _},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use rocket::{
    Request,
    request::{FromRequest, Outcome},
};
use std::{
    convert::Infallible,
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

/// How often a limit refused somebody. Clones count the same.
pub type Refusals = Arc<AtomicU64>;

/// One set of buckets, one bucket a key. Each refills evenly over an hour and may be emptied at once.
pub struct Limit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, DefaultClock, NoOpMiddleware>,
    /// What a full bucket holds.
    size: NonZeroU32,
    checks: AtomicU32,
    /// How often it refused somebody.
    refused: Refusals,
}

/// Full buckets are forgotten once in so many checks, so that the keys in memory stay about as many as are in use.
const CHECKS_BETWEEN_CLEANINGS: u32 = 4_096;

impl<K: Hash + Eq + Clone> Limit<K> {
    /// Zero in the settings counts as one: no limit shuts a door for good.
    pub fn per_hour(count: u32) -> Self {
        let size = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let limiter = RateLimiter::dashmap(Quota::per_hour(size));
        Self { limiter, size, checks: AtomicU32::new(0), refused: Refusals::default() }
    }

    /// How often it refused somebody since it was made, now and later.
    pub fn refused(&self) -> Refusals {
        Refusals::clone(&self.refused)
    }

    /// Takes one from the bucket, or says when the next one is there.
    pub fn check(&self, key: &K) -> Result<(), Error> {
        self.check_n(key, 1)
    }

    /// As [`Limit::check_n`], but of a bucket that holds less than `count` all: what costs much passes now and then,
    /// whatever the setting.
    pub fn check_up_to(&self, key: &K, count: u32) -> Result<(), Error> {
        self.check_n(key, count.min(self.size.get()))
    }

    /// Takes `count` from the bucket, or none and says when they are there. More than the whole bucket: an hour.
    pub fn check_n(&self, key: &K, count: u32) -> Result<(), Error> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_CLEANINGS == CHECKS_BETWEEN_CLEANINGS - 1 {
            self.limiter.retain_recent();
        }
        let Some(count) = NonZeroU32::new(count) else { return Ok(()) };
        let checked = self.limiter.check_key_n(key, count);
        if !matches!(checked, Ok(Ok(()))) {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        match checked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.earliest_possible().duration_since(DefaultClock::default().now());
                let wait: std::time::Duration = wait.into();
                Err(Error::TooManyRequests { retry_after_seconds: wait.as_secs() + 1 })
            }
            Err(_) => Err(Error::TooManyRequests { retry_after_seconds: 3600 }),
        }
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Limit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limit")
    }
}

/// Every limit of the server, by what it counts. Accounts by their id, people not yet known by address or network.
#[derive(Debug)]
pub struct Throttle {
    pub sign_up_per_ip: Limit<Network>,
    /// By the hash of the invite.
    pub sign_up_per_invite: Limit<[u8; 32]>,
    pub look_up_per_account: Limit<i64>,
    pub request_per_account: Limit<i64>,
    pub claim_per_requester: Limit<i64>,
    pub claim_per_pair: Limit<(i64, i64)>,
    pub one_time_per_target: Limit<i64>,
    pub post_per_account: Limit<i64>,
    pub ephemeral_per_account: Limit<i64>,
    pub change_per_account: Limit<i64>,
    pub history_per_account: Limit<i64>,
    pub file_per_account: Limit<i64>,
    pub chunk_per_account: Limit<i64>,
}

impl Throttle {
    pub fn new(throttles: &Throttles) -> Self {
        Self {
            sign_up_per_ip: Limit::per_hour(throttles.sign_up_per_ip_hour),
            sign_up_per_invite: Limit::per_hour(throttles.sign_up_per_invite_hour),
            look_up_per_account: Limit::per_hour(throttles.look_up_per_account_hour),
            request_per_account: Limit::per_hour(throttles.request_per_account_hour),
            claim_per_requester: Limit::per_hour(throttles.claim_per_requester_hour),
            claim_per_pair: Limit::per_hour(throttles.claim_per_pair_hour),
            one_time_per_target: Limit::per_hour(throttles.one_time_per_target_hour),
            post_per_account: Limit::per_hour(throttles.post_per_account_hour),
            ephemeral_per_account: Limit::per_hour(throttles.ephemeral_per_account_hour),
            change_per_account: Limit::per_hour(throttles.change_per_account_hour),
            history_per_account: Limit::per_hour(throttles.history_per_account_hour),
            file_per_account: Limit::per_hour(throttles.file_per_account_hour),
            chunk_per_account: Limit::per_hour(throttles.chunk_per_account_hour),
        }
    }

    /// How often each limit refused somebody, by its name in the settings without `_hour`.
    pub fn refused(&self) -> [(&'static str, Refusals); 13] {
        [
            ("sign_up_per_ip", self.sign_up_per_ip.refused()),
            ("sign_up_per_invite", self.sign_up_per_invite.refused()),
            ("look_up_per_account", self.look_up_per_account.refused()),
            ("request_per_account", self.request_per_account.refused()),
            ("claim_per_requester", self.claim_per_requester.refused()),
            ("claim_per_pair", self.claim_per_pair.refused()),
            ("one_time_per_target", self.one_time_per_target.refused()),
            ("post_per_account", self.post_per_account.refused()),
            ("ephemeral_per_account", self.ephemeral_per_account.refused()),
            ("change_per_account", self.change_per_account.refused()),
            ("history_per_account", self.history_per_account.refused()),
            ("file_per_account", self.file_per_account.refused()),
            ("chunk_per_account", self.chunk_per_account.refused()),
        ]
    }
}

/// Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, since one household has all of a /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// Through `ip_header` only where the host set it. Who has no address (a test, a Unix socket) shares one bucket.
    pub fn of(request: &Request<'_>) -> Self {
        request.client_ip().unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).into()
    }

    /// The lowest address in it.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address => address,
        })
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Network {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self::of(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_passes_and_the_next_is_told_when() {
        let limit = Limit::per_hour(3);
        for _ in 0..3 {
            assert!(limit.check(&"alice").is_ok());
        }
        let Err(Error::TooManyRequests { retry_after_seconds }) = limit.check(&"alice") else { panic!("passed") };
        assert!((1_100..=1_201).contains(&retry_after_seconds), "{retry_after_seconds}");
        assert!(limit.check(&"bob").is_ok());
        assert_eq!(limit.refused().load(Ordering::Relaxed), 1);
    }

    #[test]
    fn several_at_once_are_taken_together_or_not_at_all() {
        let limit = Limit::per_hour(3);
        assert!(limit.check_n(&1, 2).is_ok());
        assert!(limit.check_n(&1, 2).is_err());
        assert!(limit.check_n(&1, 1).is_ok());
        assert!(limit.check_n(&2, 4).is_err());
        assert_eq!(limit.refused().load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_costs_more_than_a_bucket_holds_takes_all_of_it() {
        let limit = Limit::per_hour(3);
        assert!(limit.check_up_to(&1, 4).is_ok());
        assert!(limit.check_up_to(&1, 1).is_err());
        assert!(limit.check_up_to(&2, 2).is_ok() && limit.check_up_to(&2, 1).is_ok());
        assert!(limit.check_up_to(&2, 1).is_err());
    }

    #[test]
    fn a_household_shares_its_network_and_neighbours_do_not() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
