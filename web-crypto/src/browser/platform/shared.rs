//! What a person shared with the installed app, as the service worker holds it.

use super::timer;
use futures_lite::future::or;
use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, MessageChannel, MessageEvent, ServiceWorker};
use zeroize::Zeroizing;

/// So long the worker may take to answer. It has only to look.
const ANSWER_MS_MAX: u32 = 10_000;
/// What the worker understands.
const TAKE: &str = "take";

/// Files and a text of another program.
pub struct Shared {
    pub text: Zeroizing<String>,
    pub files: Vec<File>,
}

/// Takes what is held: the worker has it no longer then. `None`: there is nothing, or no worker.
pub async fn take() -> Option<Shared> {
    let worker = web_sys::window()?.navigator().service_worker();
    let worker: ServiceWorker = match worker.controller() {
        Some(worker) => worker,
        None => {
            let ready = JsFuture::from(worker.ready().ok()?);
            let ready = or(async { ready.await.ok() }, async {
                timer::pause(ANSWER_MS_MAX).await;
                None
            });
            Reflect::get(&ready.await?, &"active".into()).ok()?.dyn_into().ok()?
        }
    };
    let channel = MessageChannel::new().ok()?;
    let port = channel.port1();
    let answered = Promise::new(&mut |resolve, _| port.set_onmessage(Some(&resolve)));
    worker.post_message_with_transferable(&TAKE.into(), &Array::of1(&channel.port2())).ok()?;
    let answer = or(async { JsFuture::from(answered).await.ok() }, async {
        timer::pause(ANSWER_MS_MAX).await;
        None
    });
    let held = answer.await?.dyn_into::<MessageEvent>().ok()?.data();
    channel.port1().close();
    let text = Reflect::get(&held, &"text".into()).ok().and_then(|text| text.as_string());
    let files: Array = Reflect::get(&held, &JsValue::from_str("files")).ok()?.dyn_into().ok()?;
    Some(Shared {
        text: Zeroizing::new(text.unwrap_or_default()),
        files: files.iter().filter_map(|file| file.dyn_into().ok()).collect(),
    })
}

/// Texts and names are personal.
impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("files", &self.files.len()).finish_non_exhaustive()
    }
}
