//! What is answered when no handler did: problems, like everywhere else.

use crate::problem_response::ProblemResponse;
use cliquet_wire::problem::ProblemCode;
use rocket::{Catcher, Request, catch, catchers, http::Status};

pub fn catchers() -> Vec<Catcher> {
    catchers![anything]
}

/// A guard's own problem comes first; else the nearest one to the status.
#[catch(default)]
fn anything(status: Status, request: &Request<'_>) -> ProblemResponse {
    ProblemResponse::of_guard(request).unwrap_or_else(|| ProblemResponse::new(nearest(status)))
}

fn nearest(status: Status) -> ProblemCode {
    match status.code {
        401 => ProblemCode::SignedOut,
        404 | 405 => ProblemCode::NotFound,
        413 => ProblemCode::TooLarge,
        429 => ProblemCode::TooManyRequests,
        503 => ProblemCode::Unavailable,
        400..500 => ProblemCode::Malformed,
        _ => ProblemCode::Internal,
    }
}
