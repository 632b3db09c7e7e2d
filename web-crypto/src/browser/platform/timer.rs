//! The time of day, and pauses.

use js_sys::Promise;
use wasm_bindgen_futures::JsFuture;

/// Returns after this many milliseconds.
pub async fn pause(ms: u32) {
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    let over = Promise::new(&mut |resolve, _| {
        let _ =
            web_sys::window().map(|window| window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms));
    });
    let _ = JsFuture::from(over).await;
}

/// A page that is not shown is never painted: how long it is waited for.
const PAINT_MS_MAX: u32 = 100;

/// Returns once the page was painted as it is now, or is not shown.
pub async fn painted() {
    let painted = async {
        let frame = Promise::new(&mut |resolve, _| {
            let _ = web_sys::window().map(|window| window.request_animation_frame(&resolve));
        });
        let _ = JsFuture::from(frame).await;
        // The frame is painted after its callbacks, before the next task.
        pause(0).await;
    };
    futures_lite::future::or(painted, pause(PAINT_MS_MAX)).await;
}

/// Milliseconds since 1970, by this computer's clock.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole milliseconds of this era fit 53 bits"
)]
pub fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}
