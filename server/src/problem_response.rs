//! A problem on its way out (RFC 9457): JSON for programs, a page or a fragment for people.

use crate::{accept, figures::problems::ProblemCounts, pages::Pages, response, words::Language};
use cliquet_wire::{
    address::Address,
    problem::{Problem, ProblemCode},
};
use rocket::{
    Request,
    http::{ContentType, Header, Status},
    response::Responder,
};

const PROBLEM_PAGE: &str = "problem.html";
const PROBLEM_FRAGMENT: &str = "fragments/problem.html";

/// A problem on its way out (RFC 9457), or the page that says it.
#[derive(Clone, Debug)]
pub struct ProblemResponse {
    pub code: ProblemCode,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// Line and column of what does not read.
    pub place: Option<(usize, usize)>,
    /// For which accounts.
    pub accounts: Vec<Address>,
}

impl ProblemResponse {
    pub fn new(code: ProblemCode) -> Self {
        Self { code, retry_after: None, place: None, accounts: Vec::new() }
    }

    /// What a guard of this request left for the catcher.
    pub fn of_guard(request: &Request<'_>) -> Option<Self> {
        request.local_cache(|| None).clone()
    }

    /// The problem in the reader's words.
    fn problem(self, request: &Request<'_>) -> Problem {
        let code = self.code;
        let language = Language::of(request);
        let word = |key: &str, args: &[(&str, &str)]| match request.rocket().state::<Pages>() {
            Some(pages) => pages.words().get(language, key, args),
            None => key.to_owned(),
        };
        let mut detail = word(&format!("problem-{}-detail", code.as_str()), &[]);
        if let Some((line, column)) = self.place {
            let (line, column) = (line.to_string(), column.to_string());
            detail.push(' ');
            detail.push_str(&word("problem-place", &[("line", line.as_str()), ("column", column.as_str())]));
        }
        Problem {
            kind: format!("/problems#{}", code.as_str()),
            code,
            status: code.status(),
            title: word(&format!("problem-{}-title", code.as_str()), &[]),
            detail,
            retry_after: self.retry_after,
            accounts: self.accounts,
        }
    }
}

impl<'r> Responder<'r, 'static> for ProblemResponse {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        if let Some(counts) = request.rocket().state::<ProblemCounts>() {
            counts.add(self.code);
        }
        let problem = self.problem(request);
        let status = Status::new(problem.status);
        let (body, content_type) = match (accept::prefers_html(request), accept::is_htmx(request)) {
            (true, true) => (response::html(request, PROBLEM_FRAGMENT, &problem)?, ContentType::HTML),
            (true, false) => (response::html(request, PROBLEM_PAGE, &problem)?, ContentType::HTML),
            (false, _) => (response::json(&problem)?, ContentType::new("application", "problem+json")),
        };
        let mut response = response::write(body, status, content_type);
        if let Some(seconds) = problem.retry_after {
            response.set_header(Header::new("Retry-After", seconds.to_string()));
        }
        Ok(response)
    }
}
