//! The buttons at a line's file.

use super::{
    Engine,
    file_show::Files,
    file_state::{is_in_gallery, key_of, kind_of},
    file_upload, picture_viewer,
};
use std::rc::Rc;
use web_sys::Element;

/// Does what a button at a file asks. `what`: its `data-file-do`.
pub fn press(engine: &Rc<Engine>, file: &Element, what: &str) {
    let Some(key) = key_of(file) else { return };
    let files = Files::of_page(engine);
    match what {
        "show" if kind_of(file) == "picture" && (files.shows(&key) || is_in_gallery(file)) => {
            picture_viewer::open(&files, file)
        }
        "show" | "again" => files.fetch(file, true),
        "stop" => files.stop(&key),
        "save" => files.save(&key),
        _ => file_upload::press(engine, file, key, what),
    }
}
