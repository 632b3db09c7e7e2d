//! The camera of the device.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, HtmlVideoElement, MediaDeviceInfo, MediaDeviceKind, MediaDevices, MediaStream,
    MediaStreamConstraints, MediaStreamTrack, OffscreenCanvas, OffscreenCanvasRenderingContext2d,
};

/// Pixels of the longer side of a frame. More of them make reading a code slower and no surer.
const FRAME_SIDE_MAX: u32 = 800;

/// Why there is no picture from a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameraError {
    /// The person, or the browser, does not let this site use it.
    Refused,
    /// There is none, or another program has it.
    Missing,
}

/// A camera that is on. It goes off when this is dropped.
#[derive(Debug)]
pub struct Camera {
    stream: MediaStream,
    video: HtmlVideoElement,
}

/// What the camera sees at one moment.
#[derive(Debug)]
pub struct Frame {
    /// In pixels.
    pub width: usize,
    pub height: usize,
    /// One byte for each pixel, row by row: 0 is black.
    pub luma: Vec<u8>,
}

/// Whether this browser has a camera that a page may ask for.
pub async fn is_there() -> bool {
    let Some(devices) = devices() else { return false };
    let Ok(listing) = devices.enumerate_devices() else { return false };
    let listed = JsFuture::from(listing).await.ok().and_then(|listed| listed.dyn_into::<Array>().ok());
    listed.is_some_and(|listed| {
        listed.iter().any(|device| device.unchecked_ref::<MediaDeviceInfo>().kind() == MediaDeviceKind::Videoinput)
    })
}

impl Camera {
    /// Turns the camera on that looks away from the person, if there are two, and shows in `video` what it sees. The
    /// browser may ask the person first.
    ///
    /// # Errors
    /// [`CameraError`].
    pub async fn open(video: HtmlVideoElement) -> Result<Self, CameraError> {
        let constraints = MediaStreamConstraints::new();
        let camera = Object::new();
        let _ = Reflect::set(&camera, &"facingMode".into(), &"environment".into());
        constraints.set_video(&camera);
        let asked = devices().ok_or(CameraError::Missing)?.get_user_media_with_constraints(&constraints);
        let stream = JsFuture::from(asked.map_err(|error| reason(&error))?).await.map_err(|error| reason(&error))?;
        let stream = stream.dyn_into::<MediaStream>().map_err(|_| CameraError::Missing)?;
        video.set_src_object(Some(&stream));
        let camera = Self { stream, video };
        if let Ok(playing) = camera.video.play() {
            JsFuture::from(playing).await.map_err(|error| reason(&error))?;
        }
        Ok(camera)
    }

    /// What it sees now. `None`: nothing yet.
    pub fn frame(&self) -> Option<Frame> {
        let (width, height) = (self.video.video_width(), self.video.video_height());
        let longer = width.max(height);
        if longer == 0 {
            return None;
        }
        let side = longer.min(FRAME_SIDE_MAX);
        let (width, height) = (width * side / longer, height * side / longer);
        let canvas = OffscreenCanvas::new(width, height).ok()?;
        let context: OffscreenCanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        let (wide, high) = (f64::from(width), f64::from(height));
        context.draw_image_with_html_video_element_and_dw_and_dh(&self.video, 0.0, 0.0, wide, high).ok()?;
        let pixels = context.get_image_data(0.0, 0.0, wide, high).ok()?.data();
        // Green, the second of four bytes, is most of what people and cameras see as light.
        let luma = pixels.iter().skip(1).step_by(4).copied().collect();
        Some(Frame { width: width as usize, height: height as usize, luma })
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.video.set_src_object(None);
        for track in self.stream.get_tracks() {
            track.unchecked_ref::<MediaStreamTrack>().stop();
        }
    }
}

fn devices() -> Option<MediaDevices> {
    // A page without HTTPS has none.
    let navigator = web_sys::window()?.navigator();
    if Reflect::get(&navigator, &"mediaDevices".into()).ok()?.is_undefined() {
        return None;
    }
    navigator.media_devices().ok()
}

fn reason(error: &JsValue) -> CameraError {
    match error.dyn_ref::<DomException>() {
        Some(exception) if exception.name() == "NotAllowedError" => CameraError::Refused,
        _ => CameraError::Missing,
    }
}
