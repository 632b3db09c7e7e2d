//! The pane with the link by which others add this account: as text, as a QR code (ISO/IEC 18004), and to hand on.

use super::{Engine, dom, qr_code, scan_code, sentences::word};
use crate::{browser::platform::task, client::add_link::AddLink};
use js_sys::Reflect;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlInputElement, Navigator, ShareData};

/// Serves the pane, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let Some(pane) = dom::find(".add-me") else { return };
    let Some(origin) = dom::window().and_then(|window| window.location().origin().ok()) else { return };
    let link = AddLink::of(engine.email(), engine.account_key()).text(&origin);
    if let Some(field) =
        dom::within(&pane, "[data-add-link]").and_then(|field| field.dyn_into::<HtmlInputElement>().ok())
    {
        field.set_value(&link);
        let selected = field.clone();
        dom::on(&field, "focus", move |_| selected.select());
    }
    if let Some(place) = dom::within(&pane, "[data-qr]") {
        qr_code::draw(&place, &link);
    }
    if let Some(button) = dom::within(&pane, "[data-scan]") {
        scan_code::offer(&button, scan_code::to_add);
    }
    let Some(navigator) = dom::window().map(|window| window.navigator()) else { return };
    if let Some(button) = dom::within(&pane, "[data-copy-link]") {
        let _ = button.remove_attribute("disabled");
        let (pane, link) = (pane.clone(), link.clone());
        dom::on(&button, "click", move |_| copy(&pane, &link));
    }
    let can_share = Reflect::has(&navigator, &"share".into()) == Ok(true);
    if let Some(button) = dom::within(&pane, "[data-share-link]").filter(|_| can_share) {
        dom::hide(&button, false);
        dom::on(&button, "click", move |_| share(&navigator, &link));
    }
}

fn copy(pane: &Element, link: &str) {
    let (pane, link) = (pane.clone(), link.to_owned());
    task::spawn(async move {
        let copied = dom::copy_text(&link).await;
        dom::say(&pane, "[data-add-link-state]", &word(if copied { "copied" } else { "not-copied" }));
    });
}

/// Hands the link to another program of the device. A person who changes their mind is told nothing.
fn share(navigator: &Navigator, link: &str) {
    let data = ShareData::new();
    data.set_url(link);
    let sharing = JsFuture::from(navigator.share_with_data(&data));
    task::spawn(async move {
        let _ = sharing.await;
    });
}
