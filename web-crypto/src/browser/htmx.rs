//! The one extension of htmx: what it may post, and how.
//!
//! htmx decides when something is posted; the bodies come from here, because what is sent must be sealed, and sealed
//! text must be durable, before a byte leaves. `htmx_config_request` sets `ctx.fetch` to an async function of ours. htmx
//! itself is loaded only after that, so that a page whose WASM failed posts nothing.

use super::{
    platform::http::{self, HttpError},
    view::dom,
};
use cliquet_wire::devices::DEVICE_HEADER;
use js_sys::{Function, Object, Promise, Reflect};
use std::{future::Future, pin::Pin, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{AbortSignal, CustomEvent, CustomEventInit, Element, HtmlScriptElement, Response, ResponseInit};

/// The policy that the page's `trusted-types` allows.
const POLICY: &str = "cliquet";
/// The attribute of `<html>` with the script's address.
const SCRIPT: &str = "data-htmx";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = htmx, js_name = registerExtension, catch)]
    fn register_extension(name: &str, extension: &Object) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = htmx, js_name = process, catch)]
    fn process_element(element: &Element) -> Result<(), JsValue>;

    type WindowWithPolicies;
    #[wasm_bindgen(method, getter, js_name = trustedTypes)]
    fn trusted_types(this: &WindowWithPolicies) -> JsValue;
    type PolicyFactory;
    #[wasm_bindgen(method, catch, js_name = createPolicy)]
    fn create_policy(this: &PolicyFactory, name: &str, rules: &Object) -> Result<JsValue, JsValue>;
    type Policy;
    #[wasm_bindgen(method, catch, js_name = createScriptURL)]
    fn create_script_url(this: &Policy, url: &str) -> Result<JsValue, JsValue>;
}

/// The status that htmx gets to see; the answer itself stays in Rust.
pub type Answer = Pin<Box<dyn Future<Output = u16>>>;

/// What the page does instead of htmx's own fetch.
pub trait Requests {
    /// The request of this element, or `None` to let htmx ask the server itself.
    fn request(self: Rc<Self>, element: &Element, signal: AbortSignal) -> Option<Answer>;
    /// The request of this element has ended, one way or another.
    fn ended(self: Rc<Self>, element: &Element);
    /// Something was swapped into the page.
    fn swapped(self: Rc<Self>);
}

/// Loads htmx with the extension in place. Returns when it has looked over the page.
pub async fn load(requests: Rc<impl Requests + 'static>) -> Result<(), JsValue> {
    let document = dom::document().ok_or(JsValue::UNDEFINED)?;
    let root = document.document_element().ok_or(JsValue::UNDEFINED)?;
    let address = root.get_attribute(SCRIPT).ok_or(JsValue::UNDEFINED)?;
    let policy = policy(address.clone())?;
    let extension = extension(&policy, requests)?;
    let script: HtmlScriptElement = document.create_element("script")?.unchecked_into();
    let trusted = match policy.dyn_ref::<Object>() {
        Some(policy) => policy.unchecked_ref::<Policy>().create_script_url(&address)?,
        None => address.into(),
    };
    Reflect::set(&script, &"src".into(), &trusted)?;
    // htmx looks over the page in a task of its own after its script has run; `load` fires before that.
    let mut registered = Ok(JsValue::UNDEFINED);
    let loaded = Promise::new(&mut |resolve: Function, reject: Function| {
        let extension = extension.clone();
        let rejected = reject.clone();
        let register = Closure::once_into_js(move || {
            let outcome = register_extension("cliquet", &extension);
            let _ = match outcome {
                Ok(_) => resolve.call0(&JsValue::UNDEFINED),
                Err(error) => rejected.call1(&JsValue::UNDEFINED, &error),
            };
        });
        script.set_onload(Some(register.unchecked_ref()));
        script.set_onerror(Some(&reject));
        registered =
            document.head().ok_or(JsValue::UNDEFINED).and_then(|head| head.append_child(&script).map(JsValue::from));
    });
    registered?;
    JsFuture::from(loaded).await.map(drop)
}

/// Lets htmx find what was just put on the page.
pub fn process(element: &Element) {
    let _ = process_element(element);
}

/// Fires the event that an element's `hx-trigger` waits for.
pub fn trigger(element: &Element, name: &str) {
    let init = CustomEventInit::new();
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        let _ = element.dispatch_event(&event);
    }
}

/// The status under which htmx files an error of ours.
pub fn status_of(error: &HttpError) -> u16 {
    match error {
        HttpError::Problem(problem) => problem.status,
        HttpError::Offline | HttpError::TimedOut | HttpError::Unreadable => 599,
    }
}

/// The fragments that htmx swaps come from our server, which escapes what it shows; no script ever comes with them.
/// Browsers without Trusted Types get a plain object of the same form.
fn policy(htmx: String) -> Result<JsValue, JsValue> {
    let rules = Object::new();
    let html = Closure::<dyn Fn(String) -> String>::new(|html| html).into_js_value();
    let script = Closure::<dyn Fn(String) -> String>::new(|_| String::new()).into_js_value();
    let url = Closure::<dyn Fn(String) -> String>::new(move |url| if url == htmx { url } else { String::new() });
    Reflect::set(&rules, &"createHTML".into(), &html)?;
    Reflect::set(&rules, &"createScript".into(), &script)?;
    Reflect::set(&rules, &"createScriptURL".into(), &url.into_js_value())?;
    let factory = dom::window().map(|window| window.unchecked_ref::<WindowWithPolicies>().trusted_types());
    match factory.filter(|factory| !factory.is_undefined()) {
        Some(factory) => factory.unchecked_ref::<PolicyFactory>().create_policy(POLICY, &rules),
        None => Ok(rules.into()),
    }
}

fn extension(policy: &JsValue, requests: Rc<impl Requests + 'static>) -> Result<Object, JsValue> {
    let extension = Object::new();
    let policy = policy.clone();
    let init = Closure::<dyn Fn(JsValue) -> Result<(), JsValue>>::new(move |api: JsValue| {
        let secure: Function = Reflect::get(&api, &"initSecurity".into())?.dyn_into()?;
        secure.call1(&api, &policy).map(drop)
    });
    Reflect::set(&extension, &"init".into(), &init.into_js_value())?;

    let asked = requests.clone();
    let config = Closure::<dyn Fn(Element, JsValue) -> bool>::new(move |element: Element, detail: JsValue| {
        // A draft is never htmx's business, whatever the markup says.
        if element.has_attribute("data-composer") || element.closest("[data-composer]").ok().flatten().is_some() {
            return false;
        }
        configure(&asked, &element, &detail).is_ok()
    });
    Reflect::set(&extension, &"htmx_config_request".into(), &config.into_js_value())?;

    let ended = requests.clone();
    let finally = Closure::<dyn Fn(Element)>::new(move |element: Element| ended.clone().ended(&element));
    Reflect::set(&extension, &"htmx_finally_request".into(), &finally.into_js_value())?;

    let swapped = Closure::<dyn Fn()>::new(move || requests.clone().swapped());
    Reflect::set(&extension, &"htmx_after_swap".into(), &swapped.into_js_value())?;
    Ok(extension)
}

fn configure(requests: &Rc<impl Requests + 'static>, element: &Element, detail: &JsValue) -> Result<(), JsValue> {
    let context = Reflect::get(detail, &"ctx".into())?;
    let request = Reflect::get(&context, &"request".into())?;
    let signal: AbortSignal = Reflect::get(&request, &"signal".into())?.dyn_into()?;
    if let Some(device) = http::device() {
        Reflect::set(&Reflect::get(&request, &"headers".into())?, &DEVICE_HEADER.into(), &device.into())?;
    }
    if let Some(answer) = requests.clone().request(element, signal) {
        let fetch = Closure::once_into_js(move || {
            future_to_promise(async move {
                let init = ResponseInit::new();
                init.set_status(answer.await);
                Response::new_with_opt_str_and_init(None, &init).map(JsValue::from)
            })
        });
        Reflect::set(&context, &"fetch".into(), &fetch)?;
    }
    Ok(())
}
