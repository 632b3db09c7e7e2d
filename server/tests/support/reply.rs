//! What a server answered to a test.

use cliquet_wire::problem::{Problem, ProblemCode};
use serde::de::DeserializeOwned;

/// What the server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// As `Name: value`.
    pub headers: Vec<String>,
    pub body: String,
}

impl Reply {
    #[track_caller]
    pub fn expect<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    #[track_caller]
    pub fn expect_nothing(&self) {
        assert_eq!((self.status, self.body.as_str()), (204, ""));
    }

    /// Refused, with this code and its status, as a problem (RFC 9457).
    #[track_caller]
    pub fn expect_problem(&self, code: ProblemCode) {
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{} {}", self.status, self.body);
        let problem: Problem = serde_json::from_str(&self.body).unwrap();
        assert_eq!((problem.code, self.status, problem.status), (code, code.status(), code.status()));
        if code == ProblemCode::TooManyRequests {
            let seconds: u64 = self.header("Retry-After").unwrap().parse().unwrap();
            assert!((1..=3601).contains(&seconds) && problem.retry_after == Some(seconds));
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The token that the answer hands the browser; empty when it hands none.
    pub fn cookie(&self) -> String {
        self.cookie_named("__Host-cliquet")
    }

    /// The token by which the browser is known from now on; empty when the answer hands it none.
    pub fn browser_cookie(&self) -> String {
        self.cookie_named("__Host-cliquet-browser")
    }

    fn cookie_named(&self, name: &str) -> String {
        let value = self
            .headers
            .iter()
            .find_map(|line| line.strip_prefix("Set-Cookie: ")?.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|rest| rest.split(';').next()).unwrap_or_default().to_owned()
    }
}
