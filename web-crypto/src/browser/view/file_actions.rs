//! What a person does with files: choose, paste or drop some to send them, and press what a line shows of one. What comes of
//! it is in `file_tray` and `file_press`, parts of a chunk that is fetched at the first such gesture.

use super::{
    conversation::OpenConversation,
    dom,
    file_line::FILE,
    message_actions::{MessageActions, SELECTING},
};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, Element, Event, File, FileList, HtmlElement, HtmlInputElement};

/// More files may be dropped on those that are chosen already.
const TRAY: &str = "#file-tray";
/// On the open conversation while files are held over it.
const DRAGGED: &str = "data-dragged";

/// A gesture about files.
#[derive(Clone, Debug)]
pub enum FileGesture {
    /// These are to be sent in the open conversation.
    Chosen(Vec<File>),
    /// A button at a line's file was pressed. `what`: its `data-file-do`.
    Pressed { file: Element, what: String },
}

/// Hands every gesture about files to `serve`.
pub fn listen(actions: &Rc<MessageActions>, serve: fn(Rc<MessageActions>, FileGesture)) {
    let Some(document) = dom::document() else { return };
    let serve = {
        let actions = actions.clone();
        move |gesture| serve(actions.clone(), gesture)
    };
    let pressed = serve.clone();
    dom::on(&document, "click", move |event| {
        if dom::around(event, "[data-file-choose]").is_some() {
            if let Some(input) = dom::find("[data-file-input]").and_then(|input| input.dyn_into::<HtmlElement>().ok()) {
                input.click();
            }
        } else if let Some(gesture) = press(event) {
            pressed(gesture);
        }
    });
    let chosen = serve.clone();
    dom::on(&document, "change", move |event| {
        let input = dom::around(event, "[data-file-input]").and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        let files = listed(input.files());
        // The same file may be chosen again.
        input.set_value("");
        if !files.is_empty() {
            chosen(FileGesture::Chosen(files));
        }
    });
    let pasted = serve.clone();
    dom::on(&document, "paste", move |event| {
        let clipboard = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data);
        let Some(clipboard) = clipboard.filter(|_| dom::around(event, "[data-draft]").is_some()) else { return };
        // Spreadsheets bring a picture of a text beside the text.
        let has_text = clipboard.get_data("text/plain").is_ok_and(|text| !text.is_empty());
        let files = listed(clipboard.files());
        if !files.is_empty() && !has_text {
            event.prevent_default();
            pasted(FileGesture::Chosen(files));
        }
    });
    for name in ["dragover", "dragleave", "drop"] {
        let dropped = serve.clone();
        dom::on(&document, name, move |event| {
            if let Some(files) = drag(event).filter(|files| !files.is_empty()) {
                dropped(FileGesture::Chosen(files));
            }
        });
    }
}

fn press(event: &Event) -> Option<FileGesture> {
    let button = dom::around(event, "[data-file-do]")?;
    let is_selecting = dom::around(event, &["[", SELECTING, "]"].concat()).is_some();
    let file = button.closest(FILE).ok()?.filter(|_| !is_selecting)?;
    Some(FileGesture::Pressed { file, what: button.get_attribute("data-file-do")? })
}

/// Follows files that are held over the page. Those that are dropped beside the conversation do nothing: else the browser
/// would leave the page and show them.
fn drag(event: &Event) -> Option<Vec<File>> {
    let carried = event.dyn_ref::<DragEvent>()?.data_transfer()?;
    if !carries_files(&carried) {
        return None;
    }
    let is_free = dom::find(&["dialog[open]:not(", TRAY, ")"].concat()).is_none();
    let open = OpenConversation::find().filter(|open| open.is_writable() && is_free);
    let section = open.as_ref().map(OpenConversation::section);
    let over = dom::around(event, &["[data-conversation], ", TRAY].concat()).filter(|_| open.is_some());
    if event.type_() == "dragleave" {
        // From one element of the page to another it is still over the page.
        let leaves_page = event.dyn_ref::<DragEvent>()?.related_target().is_none();
        section?.toggle_attribute_with_force(DRAGGED, !leaves_page && over.is_some()).ok()?;
        return None;
    }
    event.prevent_default();
    let is_over = event.type_() == "dragover" && over.is_some();
    carried.set_drop_effect(if over.is_some() { "copy" } else { "none" });
    section?.toggle_attribute_with_force(DRAGGED, is_over).ok()?;
    (event.type_() == "drop" && over.is_some()).then(|| listed(carried.files()))
}

fn carries_files(carried: &DataTransfer) -> bool {
    carried.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files"))
}

fn listed(files: Option<FileList>) -> Vec<File> {
    let Some(files) = files else { return Vec::new() };
    (0..files.length()).filter_map(|at| files.get(at)).collect()
}
