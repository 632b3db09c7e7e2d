//! The words that Rust shows, read once from the page's `template#words`, in the page's language.

use super::dom;
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
    ContactDeviceAdded = "contact-device-added",
    ContactDeviceRemoved = "contact-device-removed",
    Delivered = "delivered",
    DeviceAdded = "device-added",
    Draft = "draft",
    Edited = "edited",
    Failed = "failed",
    FailedAccountDeleted = "failed-account-deleted",
    FailedDeviceGone = "failed-device-gone",
    FailedExpired = "failed-expired",
    FailedFileLost = "failed-file-lost",
    FailedFileTooLarge = "failed-file-too-large",
    FailedFilesFull = "failed-files-full",
    FailedFilesOff = "failed-files-off",
    FailedKeyChanged = "failed-key-changed",
    FailedMailboxFull = "failed-mailbox-full",
    FailedUnanswered = "failed-unanswered",
    FailedNotAContact = "failed-not-a-contact",
    FailedNotAMember = "failed-not-a-member",
    FailedStorageFull = "failed-storage-full",
    FailedTooLarge = "failed-too-large",
    FailedUnknownAccount = "failed-unknown-account",
    KeyChanged = "key-changed",
    ListForked = "list-forked",
    ListStale = "list-stale",
    MessageDeleted = "message-deleted",
    MessageEmpty = "message-empty",
    MessageEmptyEdit = "message-empty-edit",
    MessageExpired = "message-expired",
    MessageNotPossible = "message-not-possible",
    MessageTooLate = "message-too-late",
    MessageTooLong = "message-too-long",
    NewMessage = "new-message",
    NewRequest = "new-request",
    NewerVersion = "newer-version",
    NoDevice = "no-device",
    Notes = "notes",
    Offline = "offline",
    Online = "online",
    OtherTabLeads = "other-tab-leads",
    OtherVersion = "other-version",
    QuotedGone = "quoted-gone",
    Read = "read",
    Retry = "retry",
    Sent = "sent",
    ServerGone = "server-gone",
    SignedOut = "signed-out",
    StorageDamaged = "storage-damaged",
    StorageFull = "storage-full",
    StorageGone = "storage-gone",
    StorageRefused = "storage-refused",
    TimeLeft = "time-left",
    TimerOff = "timer-off",
    TimerOffOwn = "timer-off-own",
    TimerOn = "timer-on",
    TimerSet = "timer-set",
    TimerSetOwn = "timer-set-own",
    Today = "today",
    Unread = "unread",
    Waiting = "waiting",
    Yesterday = "yesterday",
    You = "you",
}

/// The page's words.
#[derive(Debug, Default)]
pub struct Words(Vec<String>);

impl Words {
    /// A word that the page lacks shows as its key: ugly, and found by anyone who looks.
    pub fn read() -> Self {
        let template = dom::by_id("words").and_then(|element| element.dyn_into::<HtmlTemplateElement>().ok());
        let content = template.map(|template| template.content());
        let word = |word: &Word| {
            let selector = ["[data-word=", word.key(), "]"].concat();
            let span = content.as_ref().and_then(|content| content.query_selector(&selector).ok().flatten());
            span.and_then(|span| span.text_content())
                .map_or_else(|| word.key().to_owned(), |text| text.trim().to_owned())
        };
        Self(Word::ALL.iter().map(word).collect())
    }

    pub fn get(&self, word: Word) -> &str {
        self.0.get(word as usize).map_or(word.key(), String::as_str)
    }
}
