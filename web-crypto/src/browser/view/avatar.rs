//! The round picture of an account or group: the one that it shows, or the first letter of its name on a colour of its own.

use super::{Engine, dom, names};
use crate::{
    browser::app::{error::AppError, load_messages},
    client::{
        group::Group,
        peer::{Peer, Trust},
    },
};
use cliquet_wire::bytes::Digest;
use js_sys::{Array, Uint8Array};
use std::{cell::RefCell, collections::BTreeMap};
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, Element, HtmlElement, Url};

/// On an avatar: what it shows, so that a picture is not decoded again for each line that changes.
const SHOWS: &str = "data-shows";

/// What is kept of an account's profile, or of a group, for as long as the page lives.
#[derive(Clone, Default, Debug)]
struct Shown {
    /// Of a group: the hash of its picture.
    hash: Option<Digest>,
    /// The address of its picture.
    picture: Option<String>,
    about: Option<String>,
}

thread_local! {
    static SHOWN: RefCell<BTreeMap<String, Shown>> = const { RefCell::new(BTreeMap::new()) };
}

/// Shows an account on its conversation, or on its line in the list. A stranger's picture is not shown.
///
/// # Errors
/// When the storage does not answer.
pub async fn show(engine: &Engine, element: &Element, peer: &Peer) -> Result<(), AppError> {
    let address = peer.address.as_str();
    let mut shown = Shown::default();
    if peer.profile_name.decided > 0 && peer.trust == Trust::Added {
        shown = load(engine, peer).await?;
    }
    if let Some(avatar) = dom::within(element, ".avatar") {
        draw(&avatar, address, &names::of(address), shown.picture.as_deref());
    }
    if let Some(about) = dom::within(element, "[data-about]") {
        dom::hide(&about, shown.about.is_none());
        about.set_text_content(shown.about.as_deref());
    }
    Ok(())
}

/// Shows a group on its conversation, its pane, or its line in the list.
///
/// # Errors
/// When the storage does not answer.
pub async fn show_group(engine: &Engine, element: &Element, group: &Group) -> Result<(), AppError> {
    let Some(avatar) = dom::within(element, ".avatar") else { return Ok(()) };
    let id = group.id.to_string();
    let kept = SHOWN.with_borrow(|shown| shown.get(&id).cloned()).unwrap_or_default();
    let picture = if kept.hash == group.picture {
        kept.picture
    } else {
        outdate(&id);
        let picture = load_messages::group_picture(engine, group.id).await?;
        let picture = picture.and_then(|picture| picture_url(&picture.jpeg));
        let shown = Shown { hash: group.picture, picture: picture.clone(), about: None };
        SHOWN.with_borrow_mut(|kept| kept.insert(id.clone(), shown));
        picture
    };
    draw(&avatar, &id, &names::of(&id), picture.as_deref());
    Ok(())
}

/// Its profile has changed: what was kept of it is read again.
pub fn outdate(address: &str) {
    let kept = SHOWN.with_borrow_mut(|shown| shown.remove(address));
    if let Some(picture) = kept.and_then(|shown| shown.picture) {
        let _ = Url::revoke_object_url(&picture);
    }
}

async fn load(engine: &Engine, peer: &Peer) -> Result<Shown, AppError> {
    let address = peer.address.as_str();
    if let Some(kept) = SHOWN.with_borrow(|shown| shown.get(address).cloned()) {
        return Ok(kept);
    }
    let profile = load_messages::profile(engine, &peer.address).await?.unwrap_or_default();
    let picture = profile.picture.as_deref().and_then(picture_url);
    let shown = Shown { hash: None, picture, about: profile.about };
    outdate(address);
    SHOWN.with_borrow_mut(|kept| kept.insert(address.to_owned(), shown.clone()));
    Ok(shown)
}

/// An address by which this page alone finds a picture.
pub fn picture_url(jpeg: &[u8]) -> Option<String> {
    let options = BlobPropertyBag::new();
    options.set_type("image/jpeg");
    let parts = Array::of1(&Uint8Array::from(jpeg));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}

/// The picture; without one, or with one that the browser cannot read, a letter.
pub fn draw(avatar: &Element, address: &str, name: &str, picture: Option<&str>) {
    tint(avatar, address);
    let letter: String = name.chars().take(1).collect();
    let shows = picture.unwrap_or(&letter);
    if avatar.get_attribute(SHOWS).as_deref() == Some(shows) {
        return;
    }
    let _ = avatar.set_attribute(SHOWS, shows);
    avatar.set_text_content(Some(&letter));
    let Some(picture) = picture else { return };
    let image = dom::document().and_then(|document| document.create_element("img").ok());
    let Some(image) = image else { return };
    let (avatar, shown) = (avatar.clone(), image.clone());
    dom::on(&image, "load", move |_| {
        avatar.set_text_content(None);
        let _ = avatar.append_child(&shown);
    });
    let _ = image.set_attribute("alt", "");
    let _ = image.set_attribute("src", picture);
}

/// The letter on the avatar that is in an element.
pub fn draw_letter(element: &Element, address: &str, name: &str) {
    if let Some(avatar) = dom::within(element, ".avatar") {
        draw(&avatar, address, name, None);
    }
}

/// Gives an element, and what is in it, the colour of an account.
pub fn tint(element: &Element, address: &str) {
    if let Some(style) = element.dyn_ref::<HtmlElement>().map(HtmlElement::style) {
        let _ = style.set_property("--hue", &hue(address).to_string());
    }
}

/// Has what an avatar shows be drawn again.
pub fn forget(avatar: &Element) {
    let _ = avatar.remove_attribute(SHOWS);
}

/// An angle on the circle of colours, the same on every page.
fn hue(address: &str) -> u32 {
    // FNV-1a: two addresses that differ in a letter get colours far apart.
    let hash = address.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 8) % 360
}
