//! What this browser says of new messages while nobody looks. A setting of the browser: a phone at night and a desk at
//! work want different things.

use super::{dom, quiet_hours::QuietHours};
use web_sys::Storage;

/// In the browser's local storage.
const SAYS: &str = "notifications";
const QUIET: &str = "quiet-hours";
const MENTIONS: &str = "mentions";

/// How much a notification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// There are none.
    Nothing,
    /// That there is a new message.
    New,
    /// And from whom.
    Name,
    /// And what it says.
    Text,
}

const NAMES: [(Says, &str); 4] =
    [(Says::Nothing, "off"), (Says::New, "new"), (Says::Name, "name"), (Says::Text, "text")];

impl Says {
    /// What the person chose; nothing without a choice.
    pub fn kept() -> Self {
        let kept = storage().and_then(|storage| storage.get_item(SAYS).ok()?);
        kept.and_then(|kept| Self::named(&kept)).unwrap_or(Self::Nothing)
    }

    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(says, _)| *says)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(says, _)| *says == self).map_or("off", |(_, name)| name)
    }

    /// A browser that refuses to store asks again after the next start.
    pub fn keep(self) {
        if let Some(storage) = storage() {
            let _ = storage.set_item(SAYS, self.name());
        }
    }
}

/// The quiet hours that the person chose.
pub fn quiet_hours() -> Option<QuietHours> {
    storage().and_then(|storage| storage.get_item(QUIET).ok()?)?.parse().ok()
}

/// `None`: there are no quiet hours.
pub fn keep_quiet_hours(hours: Option<QuietHours>) {
    let Some(storage) = storage() else { return };
    let _ = match hours {
        Some(hours) => storage.set_item(QUIET, &hours.to_string()),
        None => storage.remove_item(QUIET),
    };
}

/// Whether a mention in a muted group is said all the same. Without a choice it is.
pub fn says_mentions() -> bool {
    storage().and_then(|storage| storage.get_item(MENTIONS).ok()?).as_deref() != Some("muted")
}

pub fn keep_says_mentions(says: bool) {
    let Some(storage) = storage() else { return };
    let _ = if says { storage.remove_item(MENTIONS) } else { storage.set_item(MENTIONS, "muted") };
}

fn storage() -> Option<Storage> {
    dom::window()?.local_storage().ok()?
}
