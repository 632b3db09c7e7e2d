//! Everything in one file: a page without script that opens anywhere, offline, and says what was said.
//!
//! Owns its markup. What people wrote is escaped here; the file is made in the browser and goes nowhere else.

use super::{KeepError, Keeper};
use crate::{
    browser::{page, sentences::word},
    client::{
        contacts::Contact,
        messages::{Author, Message, MessageBody},
        records::Store,
    },
};
use cliquet_wire::{address::Address, json};
use js_sys::{Array, Date};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

const NAME: &str = "cliquet.html";
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
ol{list-style:none;padding:0}li{margin:.5rem 0}p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}time{opacity:.7;font-size:.875rem}";

pub(super) async fn export(email: &Address) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let title = [&word("export-title"), " ", email.as_str()].concat();
    let mut html = String::from("<!doctype html><html lang=\"");
    escape(&page::language(), &mut html);
    html.push_str("\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    escape(&title, &mut html);
    html.push_str("</title><style>");
    html.push_str(STYLE);
    html.push_str("</style><h1>");
    escape(&title, &mut html);
    html.push_str("</h1>");
    for record in keeper.store.all(Store::Contacts.name()).await? {
        let contact = Contact::load(&record.value)?;
        if contact.address == *email {
            continue;
        }
        html.push_str("<h2>");
        escape(contact.address.as_str(), &mut html);
        html.push_str("</h2><ol>");
        for record in keeper.store.last(Store::Messages.name(), contact.address.as_str(), u32::MAX).await? {
            // One that does not read hides none of the others.
            if let Ok(message) = Message::load(&record.value) {
                line(&message, email, &mut html);
            }
        }
        html.push_str("</ol>");
    }
    download(&html).ok_or(KeepError::PageBroken)
}

fn line(message: &Message, own: &Address, html: &mut String) {
    let MessageBody::Text(text) = &message.body else { return };
    let (author, name) = match message.author {
        Author::Own => ("own", own),
        Author::Peer => ("peer", &message.conversation),
        Author::Notice => return,
    };
    html.push_str("<li data-author=\"");
    html.push_str(author);
    html.push_str("\" data-id=\"");
    html.push_str(&message.id.0.simple().to_string());
    html.push_str("\" data-time=\"");
    html.push_str(&json::write(&message.shown_time()));
    html.push_str("\"><b>");
    escape(name.as_str(), html);
    html.push_str("</b> <time>");
    let date = Date::new(&JsValue::from_f64(message.shown_time() as f64));
    escape(&String::from(date.to_locale_string(&page::language(), &JsValue::UNDEFINED)), html);
    html.push_str("</time><p>");
    escape(text, html);
    html.push_str("</p>");
}

/// As text between tags, and inside double quotes (HTML section 13.3).
fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\u{a0}' => html.push_str("&nbsp;"),
            other => html.push(other),
        }
    }
}

fn download(html: &str) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type("text/html");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&html.into()), &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlAnchorElement = page::document()?.create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(NAME);
    link.click();
    // The download has its own hold of the file by now.
    Url::revoke_object_url(&url).ok()
}
