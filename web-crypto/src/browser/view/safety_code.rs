//! The code of a safety number, beside its digits, and the camera that reads the contact's.

use super::{Engine, conversation::OpenConversation, dom, qr_code, scan_code};
use crate::browser::app::contacts::ShownNumber;
use std::rc::Rc;

/// Draws the code, and offers to scan the contact's.
pub fn show(engine: &Rc<Engine>, open: OpenConversation, number: ShownNumber) {
    let Some(panel) = dom::within(open.section(), ".safety-number") else { return };
    if let Some(place) = dom::within(&panel, "[data-qr]") {
        qr_code::draw(&place, &number.number.code());
        dom::hide(&place, false);
    }
    if let Some(button) = dom::within(&panel, "[data-scan]") {
        let engine = engine.clone();
        scan_code::offer(&button, move || scan_code::to_compare(&engine, &open.id, &number));
    }
}
