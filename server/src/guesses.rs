//! How often an account's password may be guessed at.
//!
//! Owns who draws on which bucket. Every evaluation of OPAQUE's function for an address is one guess: a sign-in, a
//! sign-up, a new password, a recovery. Nobody can lock the owner out: what strangers use up is their own network's, a
//! high ceiling bounds all networks together, and a browser that the owner has signed in from draws on neither.
//! `docs/self-hosting.md` has the sum.

use crate::{
    config::Throttles,
    cookies,
    database::Database,
    error::Error,
    known_browsers,
    throttle::{Limit, Network, Refusals},
};
use cliquet_wire::address::Address;
use rocket::{
    Request,
    request::{FromRequest, Outcome},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The buckets.
#[derive(Debug)]
pub struct Guesses {
    per_network: Limit<Network>,
    per_address_and_network: Limit<(Address, Network)>,
    per_address_and_vicinity: Limit<(Address, Vicinity)>,
    per_address: Limit<Address>,
    per_known_browser: Limit<([u8; 32], Address)>,
}

impl Guesses {
    pub fn new(throttles: &Throttles) -> Self {
        Self {
            per_network: Limit::per_hour(throttles.guess_per_network_hour),
            per_address_and_network: Limit::per_hour(throttles.guess_per_address_and_network_hour),
            per_address_and_vicinity: Limit::per_hour(throttles.guess_per_address_and_vicinity_hour),
            per_address: Limit::per_hour(throttles.guess_per_address_hour),
            per_known_browser: Limit::per_hour(throttles.guess_per_known_browser_hour),
        }
    }

    /// How often each limit refused somebody, by its name in the settings without `_hour`.
    pub fn refused(&self) -> [(&'static str, Refusals); 5] {
        [
            ("guess_per_network", self.per_network.refused()),
            ("guess_per_address_and_network", self.per_address_and_network.refused()),
            ("guess_per_address_and_vicinity", self.per_address_and_vicinity.refused()),
            ("guess_per_address", self.per_address.refused()),
            ("guess_per_known_browser", self.per_known_browser.refused()),
        ]
    }

    /// From the narrowest to the widest, so that what one network is refused costs nobody else anything.
    fn take(&self, email: &Address, network: Network) -> Result<(), Error> {
        self.per_network.check(&network)?;
        self.per_address_and_network.check(&(email.clone(), network))?;
        self.per_address_and_vicinity.check(&(email.clone(), network.into()))?;
        self.per_address.check(email)
    }
}

/// What one customer of a network provider usually has at hand: a /24 of IPv4, a /48 of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Vicinity(IpAddr);

impl From<Network> for Vicinity {
    fn from(network: Network) -> Self {
        Self(match network.address() {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() >> 8 << 8)),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 80 << 80)),
        })
    }
}

/// Anyone who asks for something that is a guess at a password.
#[derive(Clone, Copy, Debug)]
pub struct Guesser<'r> {
    guesses: &'r Guesses,
    network: Network,
    /// Hash of the token that the browser brings.
    browser: Option<[u8; 32]>,
}

impl Guesser<'_> {
    pub fn network(self) -> Network {
        self.network
    }

    /// Takes one guess at the password of this address, which may have no account.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`]; those of the database.
    pub async fn take(self, email: &Address, database: &Database, now_ms: u64) -> Result<(), Error> {
        if let Some(browser) = self.browser {
            let address = email.clone();
            let is_known =
                database.run(move |connection| known_browsers::is_known(connection, &browser, &address, now_ms));
            if is_known.await? {
                return self.guesses.per_known_browser.check(&(browser, email.clone()));
            }
        }
        self.guesses.take(email, self.network)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Guesser<'r> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        match request.rocket().state::<Guesses>() {
            Some(guesses) => {
                let (network, browser) = (Network::of(request), cookies::browser_token_hash(request));
                Outcome::Success(Self { guesses, network, browser })
            }
            None => Outcome::Error(Error::internal("the limits are not attached").at_guard(request)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_vicinity_is_what_one_customer_has() {
        let vicinity = |text: &str| Vicinity::from(network(text));
        assert_eq!(vicinity("192.0.2.1"), vicinity("192.0.2.200"));
        assert_ne!(vicinity("192.0.2.1"), vicinity("192.0.3.1"));
        assert_eq!(vicinity("2001:db8:1:2::1"), vicinity("2001:db8:1:ffff::9"));
        assert_ne!(vicinity("2001:db8:1:2::1"), vicinity("2001:db8:2:2::1"));
    }

    /// The sum that `docs/self-hosting.md` has.
    #[test]
    fn guesses_at_once_are_ten_a_network_twenty_a_vicinity_and_three_hundred_in_all() {
        let guesses = Guesses::new(&Throttles::default());
        let email: Address = "alice@example.org".parse().unwrap();
        let taken = |networks: &mut dyn Iterator<Item = String>, tries: usize| {
            let tried = networks.flat_map(|text| std::iter::repeat_n(network(&text), tries));
            tried.filter(|network| guesses.take(&email, *network).is_ok()).count()
        };
        assert_eq!(taken(&mut ["192.0.2.1".to_owned()].into_iter(), 1_000), 10);
        assert_eq!(taken(&mut (2..250).map(|host| format!("192.0.2.{host}")), 20), 10);
        assert_eq!(taken(&mut (0..1_000).map(|subnet| format!("2001:db8:1:{subnet:x}::1")), 5), 20);
        assert_eq!(taken(&mut (0..200).map(|customer| format!("2001:db8:{:x}::1", customer + 100)), 20), 260);
        let other: Address = "bob@example.org".parse().unwrap();
        assert!(guesses.take(&other, network("198.51.100.1")).is_ok(), "another address has buckets of its own");
    }
}
