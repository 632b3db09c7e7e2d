//! Everything in one file: a page without script that opens anywhere, offline, and says what was said.
//!
//! Owns the way from the store to the download. The file is made in the browser and goes nowhere else; `import.rs` reads
//! it back, and `client/saved_file/` has its markup.

use super::{KeepError, Keeper};
use crate::{
    browser::view::{dom, sentences::word},
    client::{
        conversation::{ConversationId, Message},
        peer::Peer,
        records::Store,
        saved_file::{Owner, Writer},
    },
};
use cliquet_wire::address::Address;
use js_sys::{Array, Date};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

const NAME: &str = "cliquet.html";

pub(super) async fn export(email: &Address) -> Result<(), KeepError> {
    let keeper = Keeper::open(email).await?;
    let account_key_hash = keeper.own.account_key().hash();
    let history_key = &keeper.safekeeping.history;
    let owner = Owner { email, account_key_hash: &account_key_hash, history_key };
    let language = dom::language();
    let mut file = Writer::begin(owner, &[&word("export-title"), " ", email.as_str()].concat(), &language);
    // A conversation at a time: the browser puts them together.
    let pieces = Array::new();
    for record in keeper.store.all(Store::Peers.name()).await? {
        let peer = Peer::load(&record.value)?;
        file.conversation(&peer);
        let id = ConversationId::from(&peer.address);
        for record in keeper.store.last(Store::Messages.name(), &id.text(), u32::MAX).await? {
            // One that does not read hides none of the others.
            if let Ok(message) = Message::load(&record.value) {
                let date = Date::new(&JsValue::from_f64(message.shown_time() as f64));
                file.message(&message, &String::from(date.to_locale_string(&language, &JsValue::UNDEFINED)));
            }
        }
        pieces.push(&file.piece().into());
    }
    pieces.push(&file.end().into());
    download(&pieces).ok_or(KeepError::PageBroken)
}

fn download(pieces: &Array) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type("text/html");
    let blob = Blob::new_with_str_sequence_and_options(pieces, &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlAnchorElement = dom::document()?.create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(NAME);
    link.click();
    // The download has its own hold of the file by now.
    Url::revoke_object_url(&url).ok()
}
