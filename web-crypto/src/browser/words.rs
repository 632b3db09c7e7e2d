//! The words that Rust shows, read once from the page's `template#words`, in the page's language.

use super::page;
use std::collections::HashMap;
use wasm_bindgen::JsCast;
use web_sys::HtmlTemplateElement;

macro_rules! words {
    ($($name:ident = $key:literal,)*) => {
        /// Every word that Rust shows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word { $($name,)* }

        impl Word {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its `data-word` on the page.
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }
        }
    };
}

words! {
    CannotOpen = "cannot-open",
    Connecting = "connecting",
    ContactAdded = "contact-added",
    ContactBlocked = "contact-blocked",
    ContactUnblocked = "contact-unblocked",
    Delivered = "delivered",
    DeviceAdded = "device-added",
    DeviceRevoked = "device-revoked",
    Failed = "failed",
    FailedDeviceGone = "failed-device-gone",
    FailedKeyChanged = "failed-key-changed",
    FailedMailboxFull = "failed-mailbox-full",
    FailedNotAContact = "failed-not-a-contact",
    FailedTooLarge = "failed-too-large",
    FailedUnknownAccount = "failed-unknown-account",
    KeyChanged = "key-changed",
    MessageTooLong = "message-too-long",
    NewMessage = "new-message",
    NewRequest = "new-request",
    NewerVersion = "newer-version",
    NoDevice = "no-device",
    Offline = "offline",
    Online = "online",
    OtherTabLeads = "other-tab-leads",
    OtherVersion = "other-version",
    Retry = "retry",
    Sent = "sent",
    ServerGone = "server-gone",
    SessionNew = "session-new",
    SignedOut = "signed-out",
    StorageDamaged = "storage-damaged",
    StorageFull = "storage-full",
    StorageRefused = "storage-refused",
    Today = "today",
    Unread = "unread",
    Waiting = "waiting",
    Yesterday = "yesterday",
    You = "you",
}

/// The page's words.
#[derive(Debug, Default)]
pub struct Words(HashMap<String, String>);

impl Words {
    pub fn read() -> Self {
        let template = page::by_id("words").and_then(|element| element.dyn_into::<HtmlTemplateElement>().ok());
        let Some(spans) = template.and_then(|template| template.content().query_selector_all("[data-word]").ok())
        else {
            return Self::default();
        };
        let words = (0..spans.length()).filter_map(|index| {
            let span = spans.get(index)?.dyn_into::<web_sys::Element>().ok()?;
            Some((span.get_attribute("data-word")?, span.text_content()?.trim().to_owned()))
        });
        Self(words.collect())
    }

    /// A word that the page lacks shows as its key: ugly, and found by whoever looks.
    pub fn get(&self, word: Word) -> &str {
        self.0.get(word.key()).map_or(word.key(), String::as_str)
    }
}
