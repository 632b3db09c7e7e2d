//! A file that a person chose, made ready to be sent. A photo is made smaller, and what a camera wrote beside it, such as the
//! place, is left behind.

use super::file_ending::{ending_of, with_ending};
use crate::{
    browser::{
        app::files::{FileToSend, FilesError},
        platform::{
            canvas::{self, Canvas, Picture},
            media::{Media, MediaKind},
        },
    },
    crypto::{
        attachment::{PREVIEW_BYTES_MAX, Pixels, is_picture},
        profile::is_small_jpeg,
    },
};
use wasm_bindgen::JsValue;
use web_sys::{Blob, File};

/// Pixels of the longest side of a photo that is sent.
const SIDE_MAX: u32 = 2_048;
const QUALITY: f64 = 0.85;
const GIF: &str = "image/gif";
/// A picture of more pixels is not decoded: each takes four bytes of memory.
const PIXELS_MAX: usize = 80_000_000;
/// Where the size of a picture stands. Programs write long notes before it, so the second is for those.
const HEADS_BYTES: [f64; 2] = [64.0 * 1024.0, 1024.0 * 1024.0];
/// Pixels of the longest side of a preview: the first one that fits.
const PREVIEW_SIDES: [u32; 3] = [96, 64, 32];
const PREVIEW_QUALITIES: [f64; 3] = [0.7, 0.5, 0.3];
/// So long a film or sound is asked how long it is, and once more what it shows.
const FILM_MS_MAX: u32 = 3_000;
/// Where a film is looked at. Many begin in black.
const FRAME_AT_MS: u32 = 500;

/// Whether what a camera wrote beside a picture or film of this type goes along, though nobody asked for that: it is sent as
/// it is.
pub fn keeps_notes(media_type: &str) -> bool {
    let is_filmed = media_type.starts_with("image/") || media_type.starts_with("video/");
    is_filmed && (!is_picture(media_type) || media_type == GIF)
}

/// What is sent of a file. `original`: its bytes as they are. What the browser cannot decode is sent as it is, too.
///
/// # Errors
/// When the file is empty, or cannot be read any more.
pub async fn to_send(file: &File, original: bool) -> Result<FileToSend<Blob>, FilesError> {
    if file.size() < 1.0 {
        return Err(FilesError::Empty);
    }
    let blob: &Blob = file;
    let plain = FileToSend {
        blob: blob.clone(),
        name: file.name(),
        media_type: file.type_(),
        pixels: None,
        preview: None,
        duration_ms: None,
        waveform: None,
        description: None,
    };
    match plain.media_type.split('/').next() {
        Some("image") => picture(plain, original).await,
        Some("video") => Ok(played(plain, MediaKind::Film).await),
        Some("audio") => Ok(played(plain, MediaKind::Sound).await),
        _ => Ok(plain),
    }
}

async fn picture(plain: FileToSend<Blob>, original: bool) -> Result<FileToSend<Blob>, FilesError> {
    if claimed_pixels(&plain.blob).await?.is_none_or(|pixels| pixels > PIXELS_MAX) {
        return Ok(plain);
    }
    let Ok(picture) = Picture::decode(&plain.blob).await else { return Ok(plain) };
    let preview = preview(picture.size(), |canvas| canvas.draw(&picture)).await;
    // A GIF may move, and a picture of its beginning does not.
    if original || plain.media_type == GIF {
        return Ok(FileToSend { pixels: pixels(picture.size()), preview, ..plain });
    }
    let (width, height) = within(picture.size(), SIDE_MAX);
    // Sent as it is instead, it would say the place where it was taken, though nobody asked for that.
    let blob = encode(&picture, (width, height), &plain.media_type).await.map_err(|_| FilesError::Unreadable)?;
    let media_type = blob.type_();
    let name = with_ending(&plain.name, ending_of(&media_type));
    Ok(FileToSend { blob, name, media_type, pixels: pixels((width, height)), preview, ..plain })
}

async fn encode(picture: &Picture, (width, height): (u32, u32), media_type: &str) -> Result<Blob, JsValue> {
    let canvas = Canvas::new(width, height)?;
    canvas.draw(picture)?;
    let transparent = media_type != "image/jpeg" && canvas.is_transparent();
    let media_type = match media_type {
        _ if !transparent => "image/jpeg",
        "image/png" => "image/png",
        _ => "image/webp",
    };
    canvas.encode(media_type, QUALITY).await
}

/// Whether a browser can be asked to show a picture that somebody sent: a few bytes can claim more pixels than there is
/// memory.
pub async fn may_be_shown(blob: &Blob) -> bool {
    claimed_pixels(blob).await.is_ok_and(|pixels| pixels.is_some_and(|pixels| pixels <= PIXELS_MAX))
}

/// How many pixels a picture says it has. `None`: it says nothing that is understood here.
async fn claimed_pixels(blob: &Blob) -> Result<Option<usize>, FilesError> {
    for head in HEADS_BYTES {
        let head = blob.slice_with_f64_and_f64(0.0, head).map_err(|_| FilesError::Unreadable)?;
        let head = canvas::bytes(&head).await.map_err(|_| FilesError::Unreadable)?;
        if let Ok(size) = imagesize::blob_size(&head) {
            return Ok(Some(size.width.saturating_mul(size.height)));
        }
    }
    Ok(None)
}

/// A small JPEG of what is drawn.
async fn preview(size: (u32, u32), draw: impl Fn(&Canvas) -> Result<(), JsValue>) -> Option<Vec<u8>> {
    for side in PREVIEW_SIDES {
        let (width, height) = within(size, side);
        let canvas = Canvas::white(width, height).ok()?;
        draw(&canvas).ok()?;
        if let Some(jpeg) = canvas.jpeg_within(PREVIEW_BYTES_MAX, &PREVIEW_QUALITIES).await.ok()? {
            return Some(jpeg).filter(|jpeg| is_small_jpeg(jpeg));
        }
    }
    None
}

/// A film or sound, and what the browser says of it in a short time.
async fn played(plain: FileToSend<Blob>, kind: MediaKind) -> FileToSend<Blob> {
    let Some(media) = Media::open(&plain.blob, kind, FILM_MS_MAX).await else { return plain };
    let duration_ms = media.duration_ms();
    let size = media.film().map(|film| (film.video_width(), film.video_height()));
    let Some(size) = size else { return FileToSend { duration_ms, ..plain } };
    let at = FRAME_AT_MS.min(duration_ms.unwrap_or_default() / 2);
    let is_seen = media.show_at(at, FILM_MS_MAX).await;
    let preview = match media.film().filter(|_| is_seen) {
        Some(film) => preview(size, |canvas| canvas.draw_film(film)).await,
        None => None,
    };
    FileToSend { pixels: pixels(size), preview, duration_ms, ..plain }
}

fn pixels((width, height): (u32, u32)) -> Option<Pixels> {
    Some(Pixels { width, height })
}

/// The size at which the longest side has at most `side_max` pixels, and at least one.
fn within((width, height): (u32, u32), side_max: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    let side = longest.min(side_max);
    let scaled = |length: u32| {
        let scaled = (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}
