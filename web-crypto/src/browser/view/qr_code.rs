//! Draws QR codes (ISO/IEC 18004).

use super::{dom, notices, sentences::word};
use qrcode::{Color, QrCode};
use web_sys::Element;

const SVG: &str = "http://www.w3.org/2000/svg";
/// Modules of white around the code, as the norm asks.
const QUIET_ZONE: usize = 4;

/// Shows the code of a text in the element, in place of what was there. Dark on white in either theme: cameras expect it so.
pub fn draw(place: &Element, text: &str) {
    let Ok(code) = QrCode::new(text.as_bytes()) else { return notices::say(&word("page-broken")) };
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
