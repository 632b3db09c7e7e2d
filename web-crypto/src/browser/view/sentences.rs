//! The sentences of the pages of sign-in and sign-up, in either module.
//!
//! Owns how a word of the page is found, and what is said about a server that does not do as asked.

use super::fill::fill;
use crate::browser::platform::error::HttpError;
use cliquet_wire::problem::Problem;
use wasm_bindgen::JsCast;
use web_sys::HtmlTemplateElement;

/// A word of the page's `template[data-words]`; a pane may bring more of them. One that the page lacks shows as its key:
/// ugly, and found by anyone who looks.
pub fn word(key: &str) -> String {
    let document = web_sys::window().and_then(|window| window.document());
    let templates = document.and_then(|document| document.query_selector_all("template[data-words]").ok());
    let selector = ["[data-word=", key, "]"].concat();
    let found = templates.and_then(|templates| {
        (0..templates.length()).find_map(|index| {
            let template = templates.get(index)?.dyn_into::<HtmlTemplateElement>().ok()?;
            template.content().query_selector(&selector).ok().flatten()?.text_content()
        })
    });
    found.map_or_else(|| key.to_owned(), |word| word.trim().to_owned())
}

/// What a person reads when a request failed. Problems come from the server in the page's language.
pub fn of_server(error: &HttpError) -> String {
    match error {
        HttpError::Problem(problem) => of_problem(problem),
        HttpError::Offline => word("no-connection"),
        HttpError::TimedOut => word("no-answer"),
        HttpError::Unreadable => word("answer-unreadable"),
    }
}

fn of_problem(problem: &Problem) -> String {
    let wait = problem.retry_after.map(|seconds| {
        // Over two minutes a person counts in minutes; so neither word ever says "1".
        let (key, count) = if seconds <= 120 {
            ("retry-in-seconds", seconds.max(2))
        } else {
            ("retry-in-minutes", seconds.div_ceil(60))
        };
        fill(&word(key), "count", &count.to_string())
    });
    let mut sentences = vec![problem.title.as_str(), problem.detail.as_str()];
    sentences.extend(wait.as_deref());
    sentences.join(" ")
}
