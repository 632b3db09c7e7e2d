//! The one adapter of htmx: it sends what `app` hands in, and refuses everything else that could post.
//!
//! htmx calls the extension's `htmx_config_request` before each request and does not wait for it. So a body is at hand
//! before its element is triggered: it was sealed and is durable. An answer is taken in `htmx_after_request`, which
//! keeps it from being swapped into the page; `htmx_finally_request` says that the request has ended. htmx itself is loaded only
//! after the extension is in place, so that a page whose WASM failed posts nothing.

use super::{
    error::HttpError,
    http::{self, read_answer},
};
use cliquet_wire::devices::DEVICE_HEADER;
use js_sys::{Function, Object, Promise, Reflect};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CustomEvent, CustomEventInit, Document, Element, HtmlScriptElement, HtmlTemplateElement};

/// The policy that the page's `trusted-types` allows.
const POLICY: &str = "cliquet";
/// The attribute of `<html>` with the script's address.
const SCRIPT: &str = "data-htmx";
/// The event that the elements of the poll and of the outbox wait for.
const SEND: &str = "send";
/// The element of the long poll, and its name among the requests.
const POLL: &str = "poll";
/// On an element of the outbox: its name among the requests.
const OUTBOX: &str = "data-outbox";

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

/// The requests that htmx sends for `app`.
#[derive(Debug, Default)]
pub struct Requests(RefCell<Vec<Request>>);

/// One that waits for its answer.
#[derive(Debug)]
struct Request {
    name: String,
    /// Taken when htmx asks for it.
    body: Option<String>,
    deadline_ms: u32,
    answer: Rc<RefCell<Option<Result<String, HttpError>>>>,
    ended: Function,
    until_ended: Promise,
}

impl Requests {
    /// The long poll, through its own element.
    ///
    /// # Errors
    /// What the server says is wrong, or why it said nothing.
    pub async fn poll(&self, body: String, deadline_ms: u32) -> Result<String, HttpError> {
        let element = document().and_then(|document| document.get_element_by_id(POLL)).ok_or(HttpError::Unreadable)?;
        self.send(&element, POLL, body, deadline_ms).await
    }

    /// Ends the poll that is under way.
    pub fn cancel_poll(&self) {
        if let Some(element) = document().and_then(|document| document.get_element_by_id(POLL)) {
            trigger(&element, "htmx:abort");
        }
    }

    /// An entry of the outbox, through the element that is there for it, or a new one.
    ///
    /// # Errors
    /// As [`Requests::poll`].
    pub async fn post(&self, id: &str, body: &str, deadline_ms: u32) -> Result<String, HttpError> {
        let element = find(id).or_else(|| place(id)).ok_or(HttpError::Unreadable)?;
        self.send(&element, id, body.to_owned(), deadline_ms).await
    }

    /// Removes the element of an entry.
    pub fn forget(&self, id: &str) {
        if let Some(element) = find(id) {
            element.remove();
        }
    }

    async fn send(&self, element: &Element, name: &str, body: String, deadline_ms: u32) -> Result<String, HttpError> {
        // One after the other: a poll that was cancelled ends a moment later.
        while let Some(before) = self.until_ended(name) {
            let _ = JsFuture::from(before).await;
        }
        let mut ended = None;
        let until_ended = Promise::new(&mut |resolve: Function, _| ended = Some(resolve));
        let ended = ended.ok_or(HttpError::Unreadable)?;
        let answer = Rc::<RefCell<Option<Result<String, HttpError>>>>::default();
        self.0.borrow_mut().push(Request {
            name: name.to_owned(),
            body: Some(body),
            deadline_ms,
            answer: answer.clone(),
            ended,
            until_ended: until_ended.clone(),
        });
        trigger(element, SEND);
        if self.with(name, |request| request.body.is_some()) == Some(true) {
            // htmx did not ask for it.
            self.0.borrow_mut().retain(|request| request.name != name);
            return Err(HttpError::Unreadable);
        }
        let _ = JsFuture::from(until_ended).await;
        answer.take().unwrap_or(Err(HttpError::Offline))
    }

    fn until_ended(&self, name: &str) -> Option<Promise> {
        self.with(name, |request| request.until_ended.clone())
    }

    fn with<T>(&self, name: &str, with: impl FnOnce(&mut Request) -> T) -> Option<T> {
        self.0.borrow_mut().iter_mut().find(|request| request.name == name).map(with)
    }

    /// Hands the body of this element's request to htmx. `false`: there is none, and nothing is sent.
    fn configure(&self, element: &Element, context: &JsValue) -> Result<bool, JsValue> {
        let request = Reflect::get(context, &"request".into())?;
        let Some(name) = name(element) else {
            if let Some(device) = http::device() {
                Reflect::set(&Reflect::get(&request, &"headers".into())?, &DEVICE_HEADER.into(), &device.into())?;
            }
            return Ok(true);
        };
        let Some((Some(body), deadline_ms)) = self.with(&name, |request| (request.body.take(), request.deadline_ms))
        else {
            return Ok(false);
        };
        // Nothing that htmx would say of the page: only what any other request of ours says.
        let headers = Object::new();
        Reflect::set(&headers, &"Accept".into(), &"application/json".into())?;
        Reflect::set(&headers, &"Content-Type".into(), &"application/json".into())?;
        if let Some(device) = http::device() {
            Reflect::set(&headers, &DEVICE_HEADER.into(), &device.into())?;
        }
        Reflect::set(&request, &"headers".into(), &headers)?;
        Reflect::set(&request, &"timeout".into(), &JsValue::from_f64(deadline_ms.into()))?;
        Reflect::set(&request, &"body".into(), &body.into())?;
        Ok(true)
    }

    /// Takes the answer of this element's request. `true`: it was one of ours, and is none of the page's.
    fn answered(&self, element: &Element, context: &JsValue) -> bool {
        let Some(name) = name(element) else { return false };
        let text = Reflect::get(context, &"text".into()).ok().and_then(|text| text.as_string());
        let status =
            Reflect::get(context, &"response".into()).and_then(|response| Reflect::get(&response, &"status".into()));
        if let (Some(text), Some(status)) = (text, status.ok().and_then(|status| status.as_f64())) {
            let answer = read_answer((200.0..300.0).contains(&status), text);
            self.with(&name, |request| request.answer.replace(Some(answer)));
        }
        true
    }

    fn ended(&self, element: &Element, context: &JsValue) {
        let Some(name) = name(element) else { return };
        let mut requests = self.0.borrow_mut();
        let Some(place) = requests.iter().position(|request| request.name == name && request.body.is_none()) else {
            return;
        };
        let request = requests.remove(place);
        drop(requests);
        if request.answer.borrow().is_none() && is_late(context) {
            request.answer.replace(Some(Err(HttpError::TimedOut)));
        }
        let _ = request.ended.call0(&JsValue::UNDEFINED);
    }
}

/// Whether htmx ended the request because its time was over.
fn is_late(context: &JsValue) -> bool {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into());
    let reason =
        get(context, "request").and_then(|request| get(&request, "signal")).and_then(|signal| get(&signal, "reason"));
    reason.ok().and_then(|reason| reason.as_string()).as_deref() == Some("timeout")
}

/// Names the request of an element that sends for `app`.
fn name(element: &Element) -> Option<String> {
    if element.id() == POLL { Some(POLL.to_owned()) } else { element.get_attribute(OUTBOX) }
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn find(id: &str) -> Option<Element> {
    document()?.query_selector(&["#outbox [", OUTBOX, "=\"", id, "\"]"].concat()).ok().flatten()
}

/// A new element of the outbox, which htmx knows.
fn place(id: &str) -> Option<Element> {
    let document = document()?;
    let template: HtmlTemplateElement = document.get_element_by_id("outbox-template")?.dyn_into().ok()?;
    let copy = template.content().first_element_child()?.clone_node_with_deep(true).ok()?;
    let element: Element = copy.dyn_into().ok()?;
    element.set_attribute(OUTBOX, id).ok()?;
    document.get_element_by_id("outbox")?.append_child(&element).ok()?;
    process_element(&element).ok()?;
    Some(element)
}

/// Has htmx serve an element that a script put on the page.
pub fn process(element: &Element) {
    // Before htmx is there it is served with the rest of the page.
    let _ = process_element(element);
}

fn trigger(element: &Element, name: &str) {
    let init = CustomEventInit::new();
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        let _ = element.dispatch_event(&event);
    }
}

/// Loads htmx with the extension in place. Returns when it has looked over the page.
/// `before_swap` and `after_swap` are called around each change of the page.
///
/// # Errors
/// When the script does not load, or the page does not name it.
pub async fn load(
    requests: Rc<Requests>,
    before_swap: impl Fn() + 'static,
    after_swap: impl Fn() + 'static,
) -> Result<(), JsValue> {
    let document = document().ok_or(JsValue::UNDEFINED)?;
    let root = document.document_element().ok_or(JsValue::UNDEFINED)?;
    let address = root.get_attribute(SCRIPT).ok_or(JsValue::UNDEFINED)?;
    let policy = policy(address.clone())?;
    let extension = extension(&policy, requests, before_swap, after_swap)?;
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
    let factory = web_sys::window().map(|window| window.unchecked_ref::<WindowWithPolicies>().trusted_types());
    match factory.filter(|factory| !factory.is_undefined()) {
        Some(factory) => factory.unchecked_ref::<PolicyFactory>().create_policy(POLICY, &rules),
        None => Ok(rules.into()),
    }
}

fn extension(
    policy: &JsValue,
    requests: Rc<Requests>,
    before_swap: impl Fn() + 'static,
    after_swap: impl Fn() + 'static,
) -> Result<Object, JsValue> {
    let extension = Object::new();
    let policy = policy.clone();
    let init = Closure::<dyn Fn(JsValue) -> Result<(), JsValue>>::new(move |api: JsValue| {
        let secure: Function = Reflect::get(&api, &"initSecurity".into())?.dyn_into()?;
        secure.call1(&api, &policy).map(drop)
    });
    Reflect::set(&extension, &"init".into(), &init.into_js_value())?;

    let asked = requests.clone();
    hook(&extension, "htmx_config_request", move |element, context| {
        // A draft is never htmx's business, whatever the markup says.
        element.closest("[data-composer]").ok().flatten().is_none()
            && asked.configure(element, context).unwrap_or(false)
    })?;
    let answered = requests.clone();
    hook(&extension, "htmx_after_request", move |element, context| !answered.answered(element, context))?;
    hook(&extension, "htmx_finally_request", move |element, context| {
        requests.ended(element, context);
        true
    })?;
    let before_swap = Closure::<dyn Fn()>::new(before_swap).into_js_value();
    Reflect::set(&extension, &"htmx_before_swap".into(), &before_swap)?;
    let after_swap = Closure::<dyn Fn()>::new(after_swap).into_js_value();
    Reflect::set(&extension, &"htmx_after_swap".into(), &after_swap)?;
    Ok(extension)
}

/// A hook that htmx calls with an element and the context of its request. `false` ends the request there.
fn hook(extension: &Object, name: &str, hook: impl Fn(&Element, &JsValue) -> bool + 'static) -> Result<bool, JsValue> {
    let hook = Closure::<dyn Fn(Element, JsValue) -> bool>::new(move |element: Element, detail: JsValue| {
        Reflect::get(&detail, &"ctx".into()).is_ok_and(|context| hook(&element, &context))
    });
    Reflect::set(extension, &name.into(), &hook.into_js_value())
}
