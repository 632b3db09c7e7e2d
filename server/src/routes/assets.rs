//! Hashed files.

use crate::{
    assets::{self, File},
    error::Error,
};
use cliquet_wire::problem::ProblemCode;
use rocket::{
    Request, Response, Route, get,
    http::{ContentType, Header},
    response::Responder,
    routes,
};
use std::io::Cursor;

pub fn routes() -> Vec<Route> {
    routes![file]
}

#[get("/assets/<name>")]
fn file(name: &str) -> Result<Asset, Error> {
    assets::by_served_name(name).map(Asset).ok_or(Error::Refused(ProblemCode::NotFound))
}

/// A file on its way out, in the smallest form that the browser takes.
#[derive(Clone, Copy, Debug)]
struct Asset(&'static File);

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let form = self.0.form(request.headers().get_one("Accept-Encoding").unwrap_or_default());
        // A hashed name never names other bytes: a year is the longest that RFC 9111 caches honour.
        let cache = if assets::are_hashed() { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::build();
        response
            .header(ContentType::from_extension(self.0.extension()).unwrap_or(ContentType::Binary))
            .raw_header("Cache-Control", cache)
            .raw_header("Vary", "Accept-Encoding")
            .sized_body(form.bytes.len(), Cursor::new(form.bytes));
        if let Some(encoding) = form.encoding {
            response.header(Header::new("Content-Encoding", encoding));
        }
        response.ok()
    }
}
