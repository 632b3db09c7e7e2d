//! Every way a request fails, by meaning.
//!
//! Owns the path from a failure to a problem (RFC 9457) and to the log. Holds no text of a user: what is logged is the
//! source of a fault of ours, once, here; what is shown is the code's words.

use crate::{causes, database, problem_response::ProblemResponse};
use cliquet_wire::{address::Address, problem::ProblemCode};
use rocket::{Request, http::Status, response::Responder};

/// The cause of a fault of ours. Logged, never shown.
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a request was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Refused for a reason that the one who asks can understand.
    #[error("refused: {}", .0.as_str())]
    Refused(ProblemCode),
    /// Refused for these accounts, ordered. The one who asks named them all.
    #[error("refused for some accounts: {}", .0.as_str())]
    RefusedFor(ProblemCode, Vec<Address>),
    /// JSON that does not read, and where.
    #[error("malformed JSON at line {line}, column {column}")]
    MalformedJson { line: usize, column: usize },
    /// Refused for now.
    #[error("refused for {retry_after_seconds} s")]
    TooManyRequests { retry_after_seconds: u64 },
    /// A store does not answer.
    #[error("a store does not answer")]
    Unavailable(#[source] Source),
    /// A fault of ours.
    #[error("a fault of the server")]
    Internal(#[source] Source),
}

/// Seconds after which a store that did not answer is worth another try.
const UNAVAILABLE_RETRY_SECONDS: u64 = 2;

impl Error {
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable(source.into())
    }

    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Refused(code) | Self::RefusedFor(code, _) => *code,
            Self::MalformedJson { .. } => ProblemCode::Malformed,
            Self::TooManyRequests { .. } => ProblemCode::TooManyRequests,
            Self::Unavailable(_) => ProblemCode::Unavailable,
            Self::Internal(_) => ProblemCode::Internal,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { retry_after_seconds } => Some(*retry_after_seconds),
            Self::Unavailable(_) => Some(UNAVAILABLE_RETRY_SECONDS),
            Self::Refused(ProblemCode::ShuttingDown) => Some(1),
            _ => None,
        }
    }

    /// For guards, which cannot answer: the problem waits in the request for the catcher, see
    /// [`ProblemResponse::of_guard`]. Use as `Outcome::Error(error.at_guard(request))`.
    pub fn at_guard(self, request: &Request<'_>) -> (Status, Self) {
        self.log();
        request.local_cache(|| Some(self.response()));
        (Status::new(self.code().status()), self)
    }

    fn response(&self) -> ProblemResponse {
        let place = match self {
            Self::MalformedJson { line, column } => Some((*line, *column)),
            _ => None,
        };
        let accounts = match self {
            Self::RefusedFor(_, accounts) => accounts.clone(),
            _ => Vec::new(),
        };
        ProblemResponse { code: self.code(), retry_after: self.retry_after(), place, accounts }
    }

    /// A fault of ours is logged here and nowhere else.
    fn log(&self) {
        match self {
            Self::Unavailable(source) => tracing::warn!(cause = causes::on_one_line(source.as_ref()), "{self}"),
            Self::Internal(source) => tracing::error!(cause = causes::on_one_line(source.as_ref()), "{self}"),
            _ => {}
        }
    }
}

impl From<ProblemCode> for Error {
    fn from(code: ProblemCode) -> Self {
        Self::Refused(code)
    }
}

impl From<database::Error> for Error {
    fn from(error: database::Error) -> Self {
        if error.is_passing() { Self::unavailable(error) } else { Self::internal(error) }
    }
}

impl From<serde_json::Error> for Error {
    /// For JSON that a client sent.
    fn from(error: serde_json::Error) -> Self {
        Self::MalformedJson { line: error.line(), column: error.column() }
    }
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        self.log();
        self.response().respond_to(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_causes_in_order() {
        let inner = std::io::Error::other("the disk is full");
        let error = Error::internal(inner);
        assert_eq!(error.code(), ProblemCode::Internal);
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(causes::on_one_line(source), "the disk is full");
        assert_eq!(causes::on_one_line(&error), "a fault of the server: the disk is full");
    }

    #[test]
    fn malformed_json_says_where() {
        let error = Error::from(serde_json::from_str::<Vec<u8>>("[1,\n x]").unwrap_err());
        assert!(matches!(error, Error::MalformedJson { line: 2, column: 2 }), "{error}");
    }
}
