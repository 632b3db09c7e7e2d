//! Files: uploaded in chunks, read by everyone who is signed in and has the id, removed by their account.
//!
//! Owns who may do what, and the answers. Cannot read a file, and knows nobody it is for.

use crate::{
    body::Body,
    config::sizes,
    database::Database,
    error::Error,
    files::{Content, FileError, Files},
    now::Now,
    problem_response::ProblemResponse,
    response::{CHUNK_BYTES_MAX, HtmlOrJson},
    routes::history::owner,
    signed_in::SignedIn,
    storage::{Room, Storage},
    throttle::Throttle,
};
use cliquet_wire::{
    bytes::Digest,
    files::{ChunkAdded, FileId, FilesRoom, OpenUpload, Upload, chunk_count},
    limits::FILE_CHUNK_BYTES,
    problem::ProblemCode,
};
use rocket::{
    Data, Request, Response, Route, State,
    data::ToByteUnit,
    delete, get,
    http::{ContentType, Header, Status},
    outcome::{Outcome, try_outcome},
    post, put,
    request::{self, FromRequest},
    response::{Responder, status::NoContent},
    routes,
};
use std::{convert::Infallible, ops::Range, time::Duration};
use tokio::{io::AsyncReadExt, time::timeout};

/// For one chunk: a line of 28 kbit/s sends it in that time. What is slower keeps a place that others need.
const CHUNK_SECONDS_MAX: u64 = 300;
/// Seconds after which a place among the transfers may be free.
const TRANSFER_RETRY_SECONDS: u64 = 1;
/// The bytes under an id never change. A day, so that a deleted file does not stay in browsers for long.
const CACHE_CONTROL: &str = "private, max-age=86400, immutable";

pub fn routes() -> Vec<Route> {
    routes![room, open, upload, add_chunk, read, remove]
}

#[get("/files")]
async fn room(own: Own<'_>, throttle: &State<Throttle>) -> Result<HtmlOrJson<FilesRoom>, Error> {
    throttle.file_per_account.check(&own.account_id)?;
    Ok(HtmlOrJson::new(own.files.room(own.owner).await?))
}

#[post("/files", data = "<body>")]
async fn open(
    own: Room<Own<'_>>,
    body: Body<OpenUpload, { sizes::SMALL }>,
    throttle: &State<Throttle>,
    now: Now,
    database: &State<Database>,
    storage: &State<Storage>,
) -> Result<HtmlOrJson<Upload>, Error> {
    let (Room(own), OpenUpload { id, bytes }) = (own, body.0);
    throttle.file_per_account.check(&own.account_id)?;
    storage.check_for(database, bytes, now.0).await?;
    let (upload, is_new) = own.files.open_upload(own.owner, id, bytes, now.0).await?;
    let answer = HtmlOrJson::new(upload);
    Ok(if is_new { answer.created() } else { answer })
}

#[get("/files/<id>/upload")]
async fn upload(own: Own<'_>, id: &str, throttle: &State<Throttle>, now: Now) -> Result<HtmlOrJson<Upload>, Error> {
    throttle.file_per_account.check(&own.account_id)?;
    let id = id.parse().map_err(|_| ProblemCode::UploadGone)?;
    Ok(HtmlOrJson::new(own.files.upload(own.owner, id, now.0).await?))
}

/// Takes the bytes as they are. No more than one chunk of them is ever in memory.
#[put("/files/<id>/<chunk>", data = "<data>")]
async fn add_chunk(
    own: Own<'_>,
    id: &str,
    chunk: &str,
    data: Data<'_>,
    announced: Announced,
    throttle: &State<Throttle>,
    now: Now,
) -> Result<HtmlOrJson<ChunkAdded>, Error> {
    let Own { account_id, owner, files } = own;
    let id = id.parse().map_err(|_| ProblemCode::UploadGone)?;
    let chunk = chunk.parse().map_err(|_| ProblemCode::ChunkOutOfRange)?;
    let _transfer = files.transfers.begin(account_id).ok_or_else(too_many_transfers)?;
    throttle.chunk_per_account.check(&account_id)?;
    let length = files.length_of(owner, id, chunk, now.0).await?;
    if announced.0.is_some_and(|announced| announced != length) {
        return Err(ProblemCode::ChunkLength.into());
    }
    let bytes = read_chunk(data, length).await?;
    Ok(HtmlOrJson::new(files.add_chunk(owner, id, chunk, bytes, now.0).await?))
}

/// A body that should have `length` bytes, at most a chunk's. One more shows that it is too long.
async fn read_chunk(data: Data<'_>, length: u64) -> Result<Vec<u8>, ProblemCode> {
    let room = usize::try_from(length).unwrap_or(FILE_CHUNK_BYTES).min(FILE_CHUNK_BYTES) + 1;
    let mut bytes = Vec::with_capacity(room);
    let mut body = data.open(room.bytes());
    match timeout(Duration::from_secs(CHUNK_SECONDS_MAX), body.read_to_end(&mut bytes)).await {
        Ok(Ok(_)) => Ok(bytes),
        // The client went away, or is too slow: nobody reads this answer.
        Ok(Err(_)) | Err(_) => Err(ProblemCode::Malformed),
    }
}

/// The ciphertext of a file, or one range of it. An id that was never given, one that is malformed, one whose file was
/// removed and one whose upload is not complete are answered alike.
#[get("/files/<id>")]
async fn read(
    signed_in: SignedIn,
    id: &str,
    asked: AskedRange<'_>,
    throttle: &State<Throttle>,
    now: Now,
    files: &State<Files>,
) -> Result<FileResponse, Error> {
    let account = signed_in.account_id;
    let transfer = files.transfers.begin(account).ok_or_else(too_many_transfers)?;
    throttle.chunk_per_account.check(&account)?;
    let id: FileId = id.parse().map_err(|_| ProblemCode::NotFound)?;
    let file = files.find(id, now.0).await?.ok_or(ProblemCode::NotFound)?;
    let Some(part) = asked.within(file.bytes) else { return Ok(FileResponse::PastTheEnd { bytes: file.bytes }) };
    let range = part.clone().unwrap_or(0..file.bytes);
    // Each chunk counts, of which one did already.
    let chunks = chunk_count(range.end - range.start).saturating_sub(1);
    throttle.chunk_per_account.check_up_to(&account, u32::try_from(chunks).unwrap_or(u32::MAX))?;
    let content = files.read(file, range, transfer).await?;
    Ok(FileResponse::Content { content, part, bytes: file.bytes })
}

#[delete("/files/<id>")]
async fn remove(own: Own<'_>, id: &str, throttle: &State<Throttle>) -> Result<NoContent, Error> {
    throttle.file_per_account.check(&own.account_id)?;
    let id = id.parse().map_err(|_| ProblemCode::NotFound)?;
    if own.files.remove(own.owner, id).await? { Ok(NoContent) } else { Err(ProblemCode::NotFound.into()) }
}

fn too_many_transfers() -> Error {
    Error::TooManyRequests { retry_after_seconds: TRANSFER_RETRY_SECONDS }
}

/// Someone who is signed in, and the files as their account's.
struct Own<'r> {
    account_id: i64,
    /// Under which name the account's files are kept.
    owner: Digest,
    files: &'r Files,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Own<'r> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        let SignedIn { account_id, .. } = try_outcome!(SignedIn::from_request(request).await);
        let state = request.rocket();
        let (Some(database), Some(files)) = (state.state::<Database>(), state.state::<Files>()) else {
            return Outcome::Error(Error::internal("the files are not attached").at_guard(request));
        };
        match owner(database, account_id).await {
            Ok(owner) => Outcome::Success(Self { account_id, owner, files }),
            Err(error) => Outcome::Error(Error::from(error).at_guard(request)),
        }
    }
}

/// What the request says of the length of its body.
struct Announced(Option<u64>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Announced {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Infallible> {
        let length = request.headers().get_one("Content-Length").and_then(|length| length.parse().ok());
        Outcome::Success(Self(length))
    }
}

/// The header `Range` (RFC 9110, 14.2). We give no validator, so that a range that depends on one (`If-Range`) is not asked
/// for.
struct AskedRange<'r>(Option<&'r str>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AskedRange<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Infallible> {
        let headers = request.headers();
        Outcome::Success(Self(headers.get_one("Range").filter(|_| !headers.contains("If-Range"))))
    }
}

impl AskedRange<'_> {
    /// The one range that is asked for, within a file of so many bytes; `Some(None)` for the whole, which several ranges are
    /// answered with. `None`: there is no such range.
    fn within(&self, bytes: u64) -> Option<Option<Range<u64>>> {
        let Some(text) = self.0 else { return Some(None) };
        let ranges = http_range_header::parse_range_header(text).ok()?.validate(bytes).ok()?;
        match ranges.as_slice() {
            [range] => Some(Some(*range.start()..range.end().checked_add(1)?)),
            _ => Some(None),
        }
    }
}

/// A file on its way out.
#[allow(clippy::large_enum_variant, reason = "there is one of them at a time, and it is moved once")]
enum FileResponse {
    Content { content: Content, part: Option<Range<u64>>, bytes: u64 },
    PastTheEnd { bytes: u64 },
}

impl<'r> Responder<'r, 'static> for FileResponse {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let (content, part, bytes) = match self {
            Self::Content { content, part, bytes } => (content, part, bytes),
            Self::PastTheEnd { bytes } => {
                let mut response = ProblemResponse::new(ProblemCode::RangeNotSatisfiable).respond_to(request)?;
                response.set_header(Header::new("Content-Range", format!("bytes */{bytes}")));
                return Ok(response);
            }
        };
        let mut response = Response::build();
        response
            .status(if part.is_some() { Status::PartialContent } else { Status::Ok })
            .header(ContentType::Binary)
            .raw_header("Accept-Ranges", "bytes")
            .raw_header("Cache-Control", CACHE_CONTROL)
            // A link that leads here saves ciphertext, and shows nothing.
            .raw_header("Content-Disposition", "attachment");
        if let Some(part) = part {
            let range = format!("bytes {}-{}/{bytes}", part.start, part.end.saturating_sub(1));
            response.raw_header("Content-Range", range);
        }
        let length = usize::try_from(content.length).map_err(|_| Status::InternalServerError)?;
        response.sized_body(length, content).max_chunk_size(CHUNK_BYTES_MAX).ok()
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Off => ProblemCode::FilesOff.into(),
            FileError::TooShort => ProblemCode::Malformed.into(),
            FileError::TooLarge => ProblemCode::FileTooLarge.into(),
            FileError::AccountFull => ProblemCode::FilesFull.into(),
            FileError::ServerFull => ProblemCode::ServerFilesFull.into(),
            FileError::IdReused => ProblemCode::IdReused.into(),
            FileError::Gone => ProblemCode::UploadGone.into(),
            FileError::ChunkOutOfRange => ProblemCode::ChunkOutOfRange.into(),
            FileError::ChunkLength => ProblemCode::ChunkLength.into(),
            FileError::ChunkConflict => ProblemCode::ChunkConflict.into(),
            FileError::DiskFull => ProblemCode::StorageFull.into(),
            FileError::Lost => ProblemCode::NotFound.into(),
            FileError::Store(source) => Self::unavailable(source),
            FileError::Database(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part_several_are_the_whole_and_none_that_fits_is_none() {
        let within = |text| AskedRange(Some(text)).within(100);
        assert_eq!(AskedRange(None).within(100), Some(None));
        for (text, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..100),
            ("bytes=40-59", 40..60),
            ("bytes=99-", 99..100),
            ("bytes=90-1000", 90..100),
            ("bytes=-1", 99..100),
            ("bytes=-100", 0..100),
        ] {
            assert_eq!(within(text), Some(Some(range)), "{text}");
        }
        assert_eq!(within("bytes=0-1,5-6"), Some(None));
        for text in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=5-4", "bytes=", "pages=1-2", "bytes=a-b"] {
            assert_eq!(within(text), None, "{text}");
        }
    }
}
