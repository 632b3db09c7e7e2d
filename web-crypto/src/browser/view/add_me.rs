//! The pane with the link by which others add this account: as text, as a QR code (ISO/IEC 18004), and to hand on.

use super::{Engine, dom, notices, sentences::word};
use crate::{browser::platform::task, client::add_link::AddLink};
use js_sys::Reflect;
use qrcode::{Color, QrCode};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlInputElement, Navigator, ShareData};

const SVG: &str = "http://www.w3.org/2000/svg";
/// Modules of white around the code, as the norm asks.
const QUIET_ZONE: usize = 4;

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
        draw(&place, &link);
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

/// Dark on white in either theme: cameras expect it so.
fn draw(place: &Element, link: &str) {
    let Ok(code) = QrCode::new(link.as_bytes()) else { return notices::say(&word("page-broken")) };
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (at % width + QUIET_ZONE, at / width + QUIET_ZONE);
            path.push_str(&["M", &x.to_string(), " ", &y.to_string(), "h1v1h-1z"].concat());
        }
    }
    let Some(document) = dom::document() else { return };
    let (Ok(svg), Ok(dark)) =
        (document.create_element_ns(Some(SVG), "svg"), document.create_element_ns(Some(SVG), "path"))
    else {
        return;
    };
    let side = (width + 2 * QUIET_ZONE).to_string();
    let _ = svg.set_attribute("viewBox", &["0 0 ", &side, " ", &side].concat());
    let _ = svg.set_attribute("aria-hidden", "true");
    let _ = dark.set_attribute("d", &path);
    let _ = svg.append_child(&dark);
    place.set_text_content(None);
    let _ = place.append_child(&svg);
}
