//! What a finger does at a message: a long press opens its menu, a swipe towards the end of the line replies.

use super::{dom, message_actions::LINE};
use crate::browser::platform::{task, timer};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, PointerEvent};

/// A finger that stays so long asks for the menu.
const LONG_PRESS_MS: u32 = 500;
/// A finger that moves less than this, in CSS pixels, rests.
const REST_PIXELS: i32 = 10;
/// So far a line is drawn to the side for a reply.
const SWIPE_PIXELS: i32 = 64;

/// One finger on one line.
struct Touch {
    line: Element,
    pointer: i32,
    from: (i32, i32),
    moved: bool,
}

struct Gestures {
    /// Opens the menu of a line at a place of the window.
    open: Box<dyn Fn(Element, (i32, i32))>,
    reply: Box<dyn Fn(Element)>,
    touch: RefCell<Option<Touch>>,
    /// Grows with each touch, so that a press that ended opens nothing.
    count: Cell<u32>,
}

/// Follows fingers for as long as the page lives.
pub fn listen(open: impl Fn(Element, (i32, i32)) + 'static, reply: impl Fn(Element) + 'static) {
    let Some(document) = dom::document() else { return };
    let (open, reply) = (Box::new(open), Box::new(reply));
    let gestures = Rc::new(Gestures { open, reply, touch: RefCell::default(), count: Cell::new(0) });
    for name in ["pointerdown", "pointermove", "pointerup", "pointercancel"] {
        let gestures = gestures.clone();
        dom::on(&document, name, move |event| {
            let Some(pointer) = event.dyn_ref::<PointerEvent>().filter(|pointer| pointer.pointer_type() == "touch")
            else {
                return;
            };
            match event.type_().as_str() {
                "pointerdown" => gestures.down(pointer, line(event)),
                "pointermove" => gestures.moved(pointer),
                "pointerup" => gestures.up(pointer),
                _ => gestures.forget(),
            }
        });
    }
}

impl Gestures {
    fn down(self: &Rc<Self>, pointer: &PointerEvent, line: Option<Element>) {
        self.forget();
        let Some(line) = line else { return };
        let from = (pointer.client_x(), pointer.client_y());
        self.touch.replace(Some(Touch { line: line.clone(), pointer: pointer.pointer_id(), from, moved: false }));
        let (gestures, count) = (self.clone(), self.count.get());
        task::spawn(async move {
            timer::pause(LONG_PRESS_MS).await;
            let rests = gestures.touch.borrow().as_ref().is_some_and(|touch| !touch.moved);
            if rests && gestures.count.get() == count && !dom::has_selection() {
                gestures.forget();
                (gestures.open)(line, from);
            }
        });
    }

    fn moved(&self, pointer: &PointerEvent) {
        let mut touch = self.touch.borrow_mut();
        let Some(touch) = touch.as_mut().filter(|touch| touch.pointer == pointer.pointer_id()) else { return };
        let (across, down) = (pointer.client_x() - touch.from.0, pointer.client_y() - touch.from.1);
        touch.moved |= across.abs().max(down.abs()) > REST_PIXELS;
        if touch.moved && across > down.abs() {
            let shift = across.min(SWIPE_PIXELS).to_string();
            shift_line(&touch.line, &["translateX(", &shift, "px)"].concat());
        }
    }

    fn up(&self, pointer: &PointerEvent) {
        let Some(touch) = self.touch.take() else { return };
        shift_line(&touch.line, "");
        self.count.set(self.count.get().wrapping_add(1));
        let (across, down) = (pointer.client_x() - touch.from.0, pointer.client_y() - touch.from.1);
        if across >= SWIPE_PIXELS && across > down.abs() {
            (self.reply)(touch.line);
        }
    }

    fn forget(&self) {
        self.count.set(self.count.get().wrapping_add(1));
        if let Some(touch) = self.touch.take() {
            shift_line(&touch.line, "");
        }
    }
}

/// The line under a finger. A link keeps the browser's own menu.
fn line(event: &Event) -> Option<Element> {
    dom::around(event, LINE).filter(|_| dom::around(event, ".body a").is_none())
}

fn shift_line(line: &Element, transform: &str) {
    if let Some(line) = line.dyn_ref::<HtmlElement>() {
        let _ = line.style().set_property("transform", transform);
    }
}
