//! A message's file in its line, as far as it is known before its bytes are here: its kind, name and size, and the small
//! picture that came with the message, as large as the real one will be.
//!
//! The chunk fetches and shows the bytes. Until it has looked at a file, the file has the attribute [`NEW`].

use super::{avatar::picture_url, dom, file_words, fill::fill, sentences::word, voice_line};
use crate::{
    client::conversation::{DeliveryStatus, Message},
    crypto::attachment::{Attachment, AttachmentKind},
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Url};

/// On a file that the chunk has not looked at yet.
pub const NEW: &str = "data-file-new";
/// On the page while the chunk holds bytes of files.
pub const HELD: &str = "data-files-held";
/// On a file: in words, for a line that has no room for it.
pub const IN_SHORT: &str = "data-in-short";
/// On a file: its size in bytes.
pub const BYTES: &str = "data-bytes";
/// On a file that goes to the server before its message.
pub const WAITING: &str = "data-waiting";
/// On a file: what it is doing.
pub const STATE: &str = "data-file-state";
/// On a file: as what it is shown.
pub const KIND: &str = "data-kind";
/// The pane with the files of a conversation.
pub const GALLERY: &str = ".gallery";
/// A file in a line.
pub const FILE: &str = ".file";
/// What is narrower or wider is cut to it, so that a line stays a line.
const RATIOS: (f64, f64) = (0.5, 2.0);

/// Shows the file that a message brings. What is shown already stays.
pub fn show(line: &Element, message: &Message) {
    let Some(place) = dom::within(line, ".file-place") else { return };
    dom::hide(&place, message.attachment.is_none());
    let _ = line.class_list().toggle_with_force("with-file", message.attachment.is_some());
    let Some(attachment) = &message.attachment else { return place.set_text_content(None) };
    let is_waiting = message.status == DeliveryStatus::Waiting;
    let there = dom::within(&place, FILE);
    let is_new = there.is_none();
    let Some(file) = there.or_else(|| drawn(&place, attachment)) else { return };
    if is_new || file.has_attribute(WAITING) != is_waiting {
        let _ = file.toggle_attribute_with_force(WAITING, is_waiting);
        let _ = file.set_attribute(NEW, "");
    }
}

/// Whether the chunk is needed.
pub fn wants_chunk() -> bool {
    dom::find(&["[", NEW, "], [", HELD, "]"].concat()).is_some()
}

fn drawn(place: &Element, attachment: &Attachment) -> Option<Element> {
    let file = dom::copy(&dom::by_id("file-template")?)?;
    let kind = attachment.kind();
    let in_short = file_words::in_short(kind, &attachment.name);
    let said = match file_words::described(attachment) {
        "" => file_words::called(&attachment.name),
        described => described.to_owned(),
    };
    for (name, value) in [
        (KIND, kind_name(kind)),
        (BYTES, &attachment.size.to_string()),
        (IN_SHORT, &in_short),
        ("data-described", file_words::described(attachment)),
    ] {
        file.set_attribute(name, value).ok()?;
    }
    dom::set_text(&file, ".file-name", &file_words::called(&attachment.name));
    dom::set_text(&file, ".file-size", &file_words::size(attachment.size));
    if let Some(progress) = dom::within(&file, "progress") {
        let _ = progress.set_attribute("aria-label", &said);
    }
    if let Some(player) = dom::within(&file, ".file-player").filter(|_| kind == AttachmentKind::Voice) {
        voice_line::show(&player, attachment);
    }
    if let Some(frame) = dom::within(&file, ".file-frame") {
        let key = if kind == AttachmentKind::Picture { "file-view" } else { "file-play" };
        let _ = frame.set_attribute("aria-label", &fill(&word(key), "name", &said));
    }
    shape(&file, attachment);
    if let (Some(image), Some(url)) =
        (dom::within(&file, ".file-preview"), attachment.preview.as_deref().and_then(picture_url))
    {
        for done in ["load", "error"] {
            let url = url.clone();
            dom::on(&image, done, move |_| drop(Url::revoke_object_url(&url)));
        }
        let _ = image.set_attribute("src", &url);
        dom::hide(&image, false);
    }
    place.set_text_content(None);
    place.append_child(&file).ok()?;
    Some(file)
}

/// The place that the picture will have: nothing moves when it comes.
fn shape(file: &Element, attachment: &Attachment) {
    let (Some(pixels), Some(style)) = (attachment.pixels, file.dyn_ref::<HtmlElement>().map(HtmlElement::style)) else {
        return;
    };
    let ratio = (f64::from(pixels.width) / f64::from(pixels.height.max(1))).clamp(RATIOS.0, RATIOS.1);
    let _ = style.set_property("--ratio", &ratio.to_string());
    let _ = style.set_property("--pixels", &[&pixels.width.to_string(), "px"].concat());
}

fn kind_name(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Picture => "picture",
        AttachmentKind::Film => "film",
        AttachmentKind::Sound => "sound",
        AttachmentKind::Voice => "voice",
        AttachmentKind::File => "file",
    }
}
