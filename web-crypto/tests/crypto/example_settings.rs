//! Settings and a profile with every field set, for the kept examples.

use cliquet_web_crypto::crypto::{
    account_settings::AccountSettings,
    conversation_settings::{ConversationSettings, JoinLink},
    profile::Profile,
};
use cliquet_wire::{bytes::Bytes, ids::DeviceId};

/// Settings of an account, none of them the first.
pub(crate) fn account_settings() -> AccountSettings {
    AccountSettings { decided: 1, read_receipts: false, typing: true }
}

/// A profile, not the first, with the head of a JPEG of 8 by 8.
pub(crate) fn profile() -> Profile {
    let picture = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xd9];
    Profile { decided: 3, name: Some("Zoé".into()), about: Some("on the road".into()), picture: Some(picture) }
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
        cleared_until: 1_700_000_000_200,
        join_link: Some(JoinLink { secret: Bytes([6; 16]), device: DeviceId::from_random([7; 16]), asks: true }),
    }
}
