//! Pictures: decoded, drawn at another size, written as bytes again.

use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, HtmlVideoElement, ImageBitmap, ImageEncodeOptions, OffscreenCanvas, OffscreenCanvasRenderingContext2d,
};

/// Rows that are looked at together: all at once would be a second copy of the picture.
const ROWS: u32 = 64;
const OPAQUE: u8 = 255;

/// A decoded picture, turned as the camera says. Its memory is given back when this is dropped.
#[derive(Debug)]
pub struct Picture(ImageBitmap);

/// Where pictures are drawn.
#[derive(Debug)]
pub struct Canvas {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
    width: u32,
    height: u32,
}

impl Picture {
    /// Decodes a picture. Read its size before: a few bytes can claim more pixels than there is memory.
    ///
    /// # Errors
    /// When the browser does not know it as a picture.
    pub async fn decode(blob: &Blob) -> Result<Self, JsValue> {
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        // It is turned without being asked for: `imageOrientation` is "from-image" where it is not given.
        let bitmap = JsFuture::from(window.create_image_bitmap_with_blob(blob)?).await?;
        Ok(Self(bitmap.dyn_into()?))
    }

    /// Width and height as it is shown.
    pub fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Canvas {
    /// An empty one, in which all is transparent.
    ///
    /// # Errors
    /// When the browser has none of this size.
    pub fn new(width: u32, height: u32) -> Result<Self, JsValue> {
        let canvas = OffscreenCanvas::new(width, height)?;
        let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
        let context: OffscreenCanvasRenderingContext2d = context.dyn_into()?;
        let _ = Reflect::set(&context, &"imageSmoothingQuality".into(), &"high".into());
        Ok(Self { canvas, context, width, height })
    }

    /// The same in white, for what has no transparency: a JPEG would have black there.
    ///
    /// # Errors
    /// As [`Canvas::new`].
    pub fn white(width: u32, height: u32) -> Result<Self, JsValue> {
        let canvas = Self::new(width, height)?;
        canvas.context.set_fill_style_str("#fff");
        canvas.context.fill_rect(0.0, 0.0, width.into(), height.into());
        Ok(canvas)
    }

    /// Draws all of a picture over all of the canvas.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn draw(&self, picture: &Picture) -> Result<(), JsValue> {
        let (width, height) = (self.width.into(), self.height.into());
        self.context.draw_image_with_image_bitmap_and_dw_and_dh(&picture.0, 0.0, 0.0, width, height)
    }

    /// Draws the middle of a picture, as much as is square.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn draw_middle(&self, picture: &Picture) -> Result<(), JsValue> {
        let (width, height) = picture.size();
        let (width, height) = (f64::from(width), f64::from(height));
        let middle = width.min(height);
        let (left, top) = ((width - middle) / 2.0, (height - middle) / 2.0);
        let (wide, high) = (self.width.into(), self.height.into());
        self.context.draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            &picture.0, left, top, middle, middle, 0.0, 0.0, wide, high,
        )
    }

    /// Draws what a film shows now.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn draw_film(&self, film: &HtmlVideoElement) -> Result<(), JsValue> {
        let (width, height) = (self.width.into(), self.height.into());
        self.context.draw_image_with_html_video_element_and_dw_and_dh(film, 0.0, 0.0, width, height)
    }

    /// Whether something behind it would be seen.
    pub fn is_transparent(&self) -> bool {
        (0..self.height).step_by(ROWS as usize).any(|top| {
            let rows = ROWS.min(self.height - top);
            let seen = self.context.get_image_data(0.0, top.into(), self.width.into(), rows.into());
            // What cannot be looked at is kept as it is.
            seen.map_or(true, |seen| seen.data().iter().skip(3).step_by(4).any(|alpha| *alpha != OPAQUE))
        })
    }

    /// What is on it as a file. A type that the browser does not write becomes PNG; the file says which it is. Nothing is
    /// in it but the picture.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn encode(&self, media_type: &str, quality: f64) -> Result<Blob, JsValue> {
        let options = ImageEncodeOptions::new();
        options.set_type(media_type);
        options.set_quality(quality);
        JsFuture::from(self.canvas.convert_to_blob_with_options(&options)?).await?.dyn_into()
    }

    /// The best JPEG that has at most `bytes_max` bytes. `None`: even the worst has more.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn jpeg_within(&self, bytes_max: usize, qualities: &[f64]) -> Result<Option<Vec<u8>>, JsValue> {
        for quality in qualities {
            let blob = self.encode("image/jpeg", *quality).await?;
            if blob.size() <= bytes_max as f64 {
                return bytes(&blob).await.map(Some);
            }
        }
        Ok(None)
    }
}

/// All bytes of a blob.
///
/// # Errors
/// When the browser cannot read them any more.
pub async fn bytes(blob: &Blob) -> Result<Vec<u8>, JsValue> {
    let bytes: ArrayBuffer = JsFuture::from(blob.array_buffer()).await?.dyn_into()?;
    Ok(Uint8Array::new(&bytes).to_vec())
}
