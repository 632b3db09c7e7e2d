//! A picture that a person chooses, made small: the middle of it, square, as a JPEG. What a camera wrote beside the picture,
//! such as the place, is left behind.

use crate::client::profile::{PROFILE_PICTURE_BYTES_MAX, PROFILE_PICTURE_SIDE_MAX};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, ImageBitmap, ImageEncodeOptions, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

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
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    // Turned as the camera says.
    let bitmap: ImageBitmap = JsFuture::from(window.create_image_bitmap_with_blob(file)?).await?.dyn_into()?;
    let canvas = OffscreenCanvas::new(SIDE, SIDE)?;
    let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
    let context: OffscreenCanvasRenderingContext2d = context.dyn_into()?;
    let side = f64::from(SIDE);
    // A JPEG has no transparency, which would become black.
    context.set_fill_style_str("#fff");
    context.fill_rect(0.0, 0.0, side, side);
    let (width, height) = (f64::from(bitmap.width()), f64::from(bitmap.height()));
    let middle = width.min(height);
    let (left, top) = ((width - middle) / 2.0, (height - middle) / 2.0);
    context.draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
        &bitmap, left, top, middle, middle, 0.0, 0.0, side, side,
    )?;
    bitmap.close();
    for quality in QUALITIES {
        let options = ImageEncodeOptions::new();
        options.set_type("image/jpeg");
        options.set_quality(quality);
        let blob: Blob = JsFuture::from(canvas.convert_to_blob_with_options(&options)?).await?.dyn_into()?;
        if blob.size() <= PROFILE_PICTURE_BYTES_MAX as f64 {
            let bytes: ArrayBuffer = JsFuture::from(blob.array_buffer()).await?.dyn_into()?;
            return Ok(Some(Uint8Array::new(&bytes).to_vec()));
        }
    }
    Ok(None)
}
