//! One response for people and programs: an HTML page or fragment, or JSON, by `Accept`.
//!
//! Owns the choice between them. Knows nothing of what is answered.

use crate::{accept, assets, causes, pages::Pages, words::Language};
use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};
use rocket::{
    Request, Response,
    http::{ContentType, Status},
    response::Responder,
};
use serde::Serialize;
use std::io::Cursor;

/// Three milliseconds a page, and a fifth smaller than gzip makes it; the highest quality takes twice as long for 3 %.
const COMPRESSION_QUALITY: i32 = 10;
/// Pages are smaller than this window of 64 KiB.
const COMPRESSION_WINDOW_BITS: i32 = 16;

/// Rocket copies an answer in pieces of 4 KiB, each into a buffer of that size: the small ones need less, the large ones go faster.
pub(crate) const CHUNK_BYTES_MAX: usize = 64 * 1024;

/// A body that is rendered through a template for people and written as JSON for programs.
#[derive(Clone, Copy, Debug)]
pub struct HtmlOrJson<T> {
    pub body: T,
    pub status: Status,
    /// The whole page, where one exists.
    pub page: Option<&'static str>,
    /// The part that htmx swaps in, where one exists.
    pub fragment: Option<&'static str>,
    /// See [`HtmlOrJson::compressible`].
    compressible: bool,
}

impl<T> HtmlOrJson<T> {
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

    /// The template that this request asks for. `None` means JSON.
    fn template(&self, request: &Request<'_>) -> Option<&'static str> {
        if accept::prefers_json(request) {
            return None;
        }
        match (accept::is_htmx(request), accept::prefers_html(request)) {
            (true, _) => self.fragment.or(self.page),
            (false, true) => self.page.or(self.fragment),
            // Asked for anything: a page where there is one. A fragment alone is for htmx.
            (false, false) => self.page,
        }
    }
}

impl<'r, T: Serialize> Responder<'r, 'static> for HtmlOrJson<T> {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let (body, content_type) = match self.template(request) {
            Some(template) => (html(request, template, &self.body)?, ContentType::HTML),
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
pub struct RawJson(pub String);

impl<'r> Responder<'r, 'static> for RawJson {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        Ok(write(self.0.into_bytes(), Status::Ok, ContentType::JSON))
    }
}

pub(crate) fn html(request: &Request<'_>, template: &'static str, context: &impl Serialize) -> Result<Vec<u8>, Status> {
    let pages = request.rocket().state::<Pages>().ok_or(Status::InternalServerError)?;
    let text = pages.render(template, Language::of(request), context).map_err(|error| {
        tracing::error!(template, cause = causes::on_one_line(&error), "{template} could not be rendered");
        Status::InternalServerError
    })?;
    Ok(text.into_bytes())
}

pub(crate) fn json(body: &impl Serialize) -> Result<Vec<u8>, Status> {
    serde_json::to_vec(body).map_err(|error| {
        tracing::error!(cause = %error, "an answer could not be written");
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

pub(crate) fn write(body: Vec<u8>, status: Status, content_type: ContentType) -> Response<'static> {
    let length = body.len();
    Response::build()
        .status(status)
        .header(content_type)
        .sized_body(length, Cursor::new(body))
        .max_chunk_size(length.clamp(1, CHUNK_BYTES_MAX))
        .finalize()
}
