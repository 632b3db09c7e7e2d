//! A picture that a person chooses, made small: the middle of it, square, as a JPEG. What a camera wrote beside the picture,
//! such as the place, is left behind.

use crate::{
    browser::platform::canvas::{Canvas, Picture},
    client::profile::{PROFILE_PICTURE_BYTES_MAX, PROFILE_PICTURE_SIDE_MAX},
};
use wasm_bindgen::JsValue;
use web_sys::File;

/// More than cameras make. What is larger is not even decoded.
pub const FILE_BYTES_MAX: f64 = 40.0 * 1024.0 * 1024.0;
/// Pixels of what is sent, in each direction.
const SIDE: u32 = 256;
/// The best quality that fits is taken.
const QUALITIES: [f64; 5] = [0.85, 0.7, 0.55, 0.4, 0.25];

const _: () = assert!(SIDE as usize <= PROFILE_PICTURE_SIDE_MAX);

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureError {
    /// The file is past [`FILE_BYTES_MAX`].
    TooLarge,
    /// The browser cannot read it as a picture.
    NotAPicture,
}

/// The JPEG that is sent, at most [`PROFILE_PICTURE_BYTES_MAX`] bytes.
///
/// # Errors
/// [`PictureError`].
pub async fn shrink(file: &File) -> Result<Vec<u8>, PictureError> {
    if file.size() > FILE_BYTES_MAX {
        return Err(PictureError::TooLarge);
    }
    try_shrink(file).await.ok().flatten().ok_or(PictureError::NotAPicture)
}

async fn try_shrink(file: &File) -> Result<Option<Vec<u8>>, JsValue> {
    let picture = Picture::decode(file).await?;
    let canvas = Canvas::white(SIDE, SIDE)?;
    canvas.draw_middle(&picture)?;
    drop(picture);
    canvas.jpeg_within(PROFILE_PICTURE_BYTES_MAX, &QUALITIES).await
}
