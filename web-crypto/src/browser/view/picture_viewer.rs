//! The pictures of a conversation, one at a time, over the whole window: larger and smaller, the one before and the one
//! after among those that are on the page, in its lines or in its gallery, which reads on when its last one is shown.

use super::{
    dom,
    file_line::{FILE, KIND},
    file_show::{Fetched, Files, show},
    file_state::{is_in_gallery, key_of},
    file_words,
    fill::fill,
    sentences::word,
};
use crate::browser::platform::task;
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};

const DIALOG: &str = "picture-viewer";
const STAGE: &str = ".viewer-stage";
/// How many times as large as what fits, and how much larger at each step.
const ZOOM_MAX: f64 = 8.0;
const ZOOM_STEP: f64 = 1.5;
/// After a double click.
const ZOOM_NEAR: f64 = 2.5;
/// So far a finger goes from one picture to the next, in CSS pixels.
const SWIPE_PIXELS: i32 = 60;

/// Puts older pictures on the page; whether there were any.
type ReadMore = fn() -> Pin<Box<dyn Future<Output = bool>>>;

thread_local! {
    static MORE: Cell<Option<ReadMore>> = const { Cell::new(None) };
    static VIEWER: RefCell<Option<Rc<Viewer>>> = const { RefCell::new(None) };
}

struct Viewer {
    files: Rc<Files>,
    dialog: Element,
    /// The key of the message whose picture is shown.
    key: RefCell<String>,
    zoom: Cell<f64>,
    /// Where a finger went down.
    down: Cell<Option<(i32, i32)>>,
}

/// Opens the viewer at the picture of a line. The keyboard comes back to it when the viewer is closed.
pub fn open(files: &Rc<Files>, file: &Element) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    let viewer = VIEWER.with_borrow_mut(|viewer| {
        viewer.get_or_insert_with(|| Viewer::listen(files.clone(), dialog.clone().into())).clone()
    });
    if dialog.show_modal().is_ok() {
        viewer.show(file);
    }
}

/// What is called when the last picture of a gallery is shown.
pub fn at_last(more: ReadMore) {
    MORE.set(Some(more));
}

/// The message with this key is gone: its picture is not shown any longer.
pub fn gone(key: &str) {
    let shows = VIEWER.with_borrow(|viewer| viewer.as_ref().is_some_and(|viewer| *viewer.key.borrow() == key));
    if let Some(dialog) = dom::dialog(DIALOG).filter(|_| shows) {
        dialog.close();
    }
}

impl Viewer {
    fn listen(files: Rc<Files>, dialog: Element) -> Rc<Self> {
        let (key, down) = (RefCell::default(), Cell::new(None));
        let viewer = Rc::new(Self { files, dialog: dialog.clone(), key, zoom: Cell::new(1.0), down });
        let served = viewer.clone();
        dom::on(&dialog, "click", move |event| {
            let button = dom::around(event, "[data-viewer]");
            if let Some(what) = button.and_then(|button| button.get_attribute("data-viewer")) {
                served.press(&what);
            }
        });
        let served = viewer.clone();
        dom::on(&dialog, "keydown", move |event| {
            let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
            let what = match key.as_str() {
                // In a large picture the arrows move it.
                "ArrowRight" if served.zoom.get() <= 1.0 => "next",
                "ArrowLeft" if served.zoom.get() <= 1.0 => "previous",
                "+" | "=" => "in",
                "-" => "out",
                "0" => "fit",
                _ => return,
            };
            event.prevent_default();
            served.press(what);
        });
        let served = viewer.clone();
        dom::on(&dialog, "wheel", move |event| {
            let Some(wheel) = event.dyn_ref::<WheelEvent>().filter(|_| dom::around(event, STAGE).is_some()) else {
                return;
            };
            event.prevent_default();
            let step = if wheel.delta_y() < 0.0 { 1.2 } else { 1.0 / 1.2 };
            served.zoom_to(served.zoom.get() * step, Some(place(event)));
        });
        let served = viewer.clone();
        dom::on(&dialog, "dblclick", move |event| {
            if dom::around(event, STAGE).is_some() {
                let zoom = if served.zoom.get() > 1.0 { 1.0 } else { ZOOM_NEAR };
                served.zoom_to(zoom, Some(place(event)));
            }
        });
        for name in ["pointerdown", "pointerup"] {
            let served = viewer.clone();
            dom::on(&dialog, name, move |event| served.swipe(event));
        }
        let served = viewer.clone();
        dom::on(&dialog, "close", move |_| {
            served.key.take();
            if let Some(image) = served.image() {
                let _ = image.remove_attribute("src");
                dom::hide(&image, true);
            }
        });
        viewer
    }

    fn press(self: &Rc<Self>, what: &str) {
        match what {
            "in" => self.zoom_to(self.zoom.get() * ZOOM_STEP, None),
            "out" => self.zoom_to(self.zoom.get() / ZOOM_STEP, None),
            "fit" => self.zoom_to(1.0, None),
            "next" => self.step(1),
            "previous" => self.step(-1),
            "save" => self.files.save(&self.key.borrow()),
            _ => {
                if let Some(dialog) = dom::dialog(DIALOG) {
                    dialog.close();
                }
            }
        }
    }

    /// A finger that goes along a picture of one's window's size goes to the next one.
    fn swipe(self: &Rc<Self>, event: &Event) {
        let Some(pointer) = event.dyn_ref::<PointerEvent>().filter(|pointer| pointer.pointer_type() == "touch") else {
            return;
        };
        let at = (pointer.client_x(), pointer.client_y());
        if event.type_() == "pointerdown" {
            self.down.set(dom::around(event, STAGE).is_some().then_some(at));
        } else if let Some(from) = self.down.take().filter(|_| self.zoom.get() <= 1.0) {
            let (along, across) = (at.0 - from.0, at.1 - from.1);
            if along.abs() > SWIPE_PIXELS && along.abs() > 2 * across.abs() {
                self.step(-along.signum());
            }
        }
    }

    /// To another picture among those on the page.
    fn step(self: &Rc<Self>, by: i32) {
        let all = pictures();
        let at = all.iter().position(|file| key_of(file).is_some_and(|key| key == *self.key.borrow()));
        let to = at.and_then(|at| at.checked_add_signed(isize::try_from(by).ok()?));
        if let Some(file) = to.and_then(|to| all.get(to)) {
            self.show(file);
        }
    }

    fn show(self: &Rc<Self>, file: &Element) {
        let (Some(key), Some(image)) = (key_of(file), self.image()) else { return };
        self.key.replace(key.clone());
        self.zoom_to(1.0, None);
        dom::hide(&image, true);
        if self.show_place(file)
            && is_in_gallery(file)
            && let Some(read_more) = MORE.get()
        {
            let (viewer, key, file) = (self.clone(), key.clone(), file.clone());
            task::spawn(async move {
                if read_more().await && *viewer.key.borrow() == key {
                    viewer.show_place(&file);
                }
            });
        }
        let name = dom::within(file, ".file-name").and_then(|name| name.text_content()).unwrap_or_default();
        dom::set_text(&self.dialog, ".viewer-name", &name);
        let described = file.get_attribute("data-described").unwrap_or_default();
        dom::set_text(&self.dialog, ".viewer-description", &described);
        let _ = image.set_attribute("alt", if described.is_empty() { &name } else { &described });
        dom::set_text(&self.dialog, ".viewer-state", &file_words::progress("file-fetching", 0));
        let (viewer, file) = (self.clone(), file.clone());
        task::spawn(async move {
            let ended = viewer.files.fetched(&key, false).await;
            if *viewer.key.borrow() != key {
                return;
            }
            let said = match ended {
                Fetched::Here(opened) => {
                    let _ = image.set_attribute("src", &opened.url);
                    dom::hide(&image, false);
                    // Its line has it too, then.
                    show(&file, &opened, false);
                    String::new()
                }
                Fetched::Failed(error) => file_words::why(&error),
                Fetched::Stopped => String::new(),
            };
            dom::set_text(&viewer.dialog, ".viewer-state", &said);
        });
    }

    /// Says which one of how many a picture is. Whether it is the last.
    fn show_place(&self, file: &Element) -> bool {
        let all = pictures();
        let at = all.iter().position(|one| one == file).unwrap_or_default();
        let is_last = at + 1 >= all.len();
        for (name, is_there) in [("previous", at > 0), ("next", !is_last)] {
            if let Some(button) = dom::within(&self.dialog, &["[data-viewer=", name, "]"].concat()) {
                let _ = button.toggle_attribute_with_force("disabled", !is_there);
            }
        }
        let place = fill(&word("viewer-place"), "place", &(at + 1).to_string());
        dom::set_text(&self.dialog, ".viewer-place", &fill(&place, "count", &all.len().to_string()));
        is_last
    }

    /// `around`: the place of the window that stays where it is; without one, the middle.
    fn zoom_to(&self, zoom: f64, around: Option<(f64, f64)>) {
        let zoom = zoom.clamp(1.0, ZOOM_MAX);
        let Some(stage) = dom::within(&self.dialog, STAGE) else { return };
        let grows = zoom / self.zoom.replace(zoom);
        let shape = stage.get_bounding_client_rect();
        let (x, y) =
            around.map_or((shape.width() / 2.0, shape.height() / 2.0), |(x, y)| (x - shape.left(), y - shape.top()));
        let (left, top) = (f64::from(stage.scroll_left()) + x, f64::from(stage.scroll_top()) + y);
        if let Some(style) = stage.dyn_ref::<HtmlElement>().map(HtmlElement::style) {
            let _ = style.set_property("--zoom", &zoom.to_string());
        }
        let _ = stage.toggle_attribute_with_force("data-zoomed", zoom > 1.0);
        stage.scroll_to_with_x_and_y(left * grows - x, top * grows - y);
    }

    fn image(&self) -> Option<Element> {
        dom::within(&self.dialog, ".viewer-picture")
    }
}

fn pictures() -> Vec<Element> {
    dom::all(&[":is(.messages, .gallery) ", FILE, "[", KIND, "=picture]"].concat())
}

fn place(event: &Event) -> (f64, f64) {
    event.dyn_ref::<MouseEvent>().map_or((0.0, 0.0), |mouse| (f64::from(mouse.client_x()), f64::from(mouse.client_y())))
}
