//! One answer for people and programs: an HTML page or fragment, or JSON, by `Accept`.
//!
//! Owns the choice between them. Knows nothing of what is answered.

use crate::{assets, error::chain, pages::Pages, words::Language};
use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};
use cliquet_wire::problem::{Problem, ProblemCode};
use rocket::{
    Request, Response,
    http::{ContentType, Header, MediaType, Status},
    response::Responder,
};
use serde::Serialize;
use std::io::Cursor;

/// Three milliseconds a page, and a fifth smaller than gzip makes it; the highest quality takes twice as long for 3 %.
const COMPRESSION_QUALITY: i32 = 10;
/// Pages are smaller than this window of 64 KiB.
const COMPRESSION_WINDOW_BITS: i32 = 16;

/// Rocket copies an answer in pieces of 4 KiB, each into a buffer of that size: the small ones need less, the large ones go faster.
const CHUNK_BYTES_MAX: usize = 64 * 1024;

const PROBLEM_PAGE: &str = "problem.html";
const PROBLEM_FRAGMENT: &str = "fragments/problem.html";

/// A body that is rendered through a template for people and written as JSON for programs.
#[derive(Clone, Copy, Debug)]
pub struct Answer<T> {
    pub body: T,
    pub status: Status,
    /// The whole page, where one exists.
    pub page: Option<&'static str>,
    /// The part that htmx swaps in, where one exists.
    pub fragment: Option<&'static str>,
    /// See [`Answer::compressible`].
    compressible: bool,
}

impl<T> Answer<T> {
    /// JSON for everyone, until a template is named.
    pub fn new(body: T) -> Self {
        Self { body, status: Status::Ok, page: None, fragment: None, compressible: false }
    }

    pub fn page(self, template: &'static str) -> Self {
        Self { page: Some(template), ..self }
    }

    pub fn fragment(self, template: &'static str) -> Self {
        Self { fragment: Some(template), ..self }
    }

    pub fn status(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// For answers that tell nothing about anyone but the one who asks. Over TLS the length of an answer is seen, and
    /// when it is compressed the length tells whether two parts of it are alike: an attacker who can put a text of his
    /// own beside a private one could guess that one piece by piece (the BREACH attack).
    pub fn compressible(self) -> Self {
        Self { compressible: true, ..self }
    }

    /// 201.
    pub fn created(self) -> Self {
        self.status(Status::Created)
    }

    /// The template for whoever asks: none means JSON.
    fn template(&self, request: &Request<'_>) -> Option<&'static str> {
        match (wants_html(request), is_htmx(request)) {
            (false, _) => None,
            (true, true) => self.fragment.or(self.page),
            (true, false) => self.page.or(self.fragment),
        }
    }
}

impl<'r, T: Serialize> Responder<'r, 'static> for Answer<T> {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let (body, content_type) = match self.template(request) {
            Some(template) => (page(request, template, &self.body)?, ContentType::HTML),
            None => (json(&self.body)?, ContentType::JSON),
        };
        Ok(if self.compressible && accepts_brotli(request) {
            compressed(body, self.status, content_type)
        } else {
            write(body, self.status, content_type)
        })
    }
}

/// JSON that is written already.
#[derive(Clone, Debug)]
pub struct WrittenJson(pub String);

impl<'r> Responder<'r, 'static> for WrittenJson {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        Ok(write(self.0.into_bytes(), Status::Ok, ContentType::JSON))
    }
}

/// A problem on its way out (RFC 9457), or the page that says it.
#[derive(Clone, Copy, Debug)]
pub struct ProblemAnswer {
    pub code: ProblemCode,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// Line and column of what does not read.
    pub place: Option<(usize, usize)>,
}

impl ProblemAnswer {
    pub fn new(code: ProblemCode) -> Self {
        Self { code, retry_after: None, place: None }
    }

    /// What a guard of this request left for the catcher.
    pub fn of_guard(request: &Request<'_>) -> Option<Self> {
        *request.local_cache(|| None)
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
        }
    }
}

impl<'r> Responder<'r, 'static> for ProblemAnswer {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let problem = self.problem(request);
        let status = Status::new(problem.status);
        let (body, content_type) = match (wants_html(request), is_htmx(request)) {
            (true, true) => (page(request, PROBLEM_FRAGMENT, &problem)?, ContentType::HTML),
            (true, false) => (page(request, PROBLEM_PAGE, &problem)?, ContentType::HTML),
            (false, _) => (json(&problem)?, ContentType::new("application", "problem+json")),
        };
        let mut response = write(body, status, content_type);
        if let Some(seconds) = problem.retry_after {
            response.set_header(Header::new("Retry-After", seconds.to_string()));
        }
        Ok(response)
    }
}

/// Whether the one who asks prefers a page. Programs that say nothing get JSON. Whoever opens an address is shown a page in
/// any case: WebKit asks for `*/*` when a service worker passes that on.
pub fn wants_html(request: &Request<'_>) -> bool {
    let opens = request.headers().get_one("Sec-Fetch-Mode") == Some("navigate");
    opens || request.accept().is_some_and(|accept| accept.preferred().media_type() == &MediaType::HTML)
}

/// Whether htmx asks for a part of a page. It names the type when it wants the whole.
pub fn is_htmx(request: &Request<'_>) -> bool {
    let headers = request.headers();
    headers.get_one("HX-Request") == Some("true") && headers.get_one("HX-Request-Type") != Some("full")
}

fn page(request: &Request<'_>, template: &'static str, context: &impl Serialize) -> Result<Vec<u8>, Status> {
    let pages = request.rocket().state::<Pages>().ok_or(Status::InternalServerError)?;
    let text = pages.render(template, Language::of(request), context).map_err(|error| {
        log::error!("{template} could not be rendered: {}", chain(&error));
        Status::InternalServerError
    })?;
    Ok(text.into_bytes())
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Status> {
    serde_json::to_vec(body).map_err(|error| {
        log::error!("an answer could not be written: {error}");
        Status::InternalServerError
    })
}

fn accepts_brotli(request: &Request<'_>) -> bool {
    request.headers().get("Accept-Encoding").any(|header| assets::accepts(header, "br"))
}

fn compressed(body: Vec<u8>, status: Status, content_type: ContentType) -> Response<'static> {
    let parameters = BrotliEncoderParams {
        quality: COMPRESSION_QUALITY,
        lgwin: COMPRESSION_WINDOW_BITS,
        mode: BrotliEncoderMode::BROTLI_MODE_TEXT,
        size_hint: body.len(),
        ..BrotliEncoderParams::default()
    };
    let mut small = Vec::new();
    match brotli::BrotliCompress(&mut body.as_slice(), &mut small, &parameters) {
        Ok(_) => {
            let mut response = write(small, status, content_type);
            response.set_raw_header("Content-Encoding", "br");
            response
        }
        // Writing to memory does not fail; the body as it is would be right all the same.
        Err(_) => write(body, status, content_type),
    }
}

fn write(body: Vec<u8>, status: Status, content_type: ContentType) -> Response<'static> {
    let length = body.len();
    Response::build()
        .status(status)
        .header(content_type)
        .sized_body(length, Cursor::new(body))
        .max_chunk_size(length.clamp(1, CHUNK_BYTES_MAX))
        .finalize()
}
