//! Settings with every field set, for the kept examples.

use cliquet_web_crypto::crypto::{account_settings::AccountSettings, conversation_settings::ConversationSettings};

/// Settings of an account, none of them the first.
pub(crate) fn account_settings() -> AccountSettings {
    AccountSettings { decided: 1, read_receipts: false, typing: true }
}

/// Settings of a conversation, none of them the first.
pub(crate) fn conversation_settings() -> ConversationSettings {
    let (muted_until, archived_at) = (u64::MAX, 1_700_000_000_000);
    let nickname = Some("Mamie 👵".into());
    ConversationSettings {
        decided: 2,
        pinned: true,
        muted_until,
        archived_at,
        marked_unread: true,
        nickname,
        hides_reading: true,
        hides_typing: true,
    }
}
