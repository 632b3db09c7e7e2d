//! The example of a vault's body.

use crate::example_settings::{account_settings, conversation_settings, profile};
use crate::golden::history_head;
use cliquet_web_crypto::crypto::{
    account_token::AccountToken,
    conversation_timer::ConversationTimer,
    history::OlderKeys,
    keys::Key,
    vault::{VaultBody, VaultContact, VaultGroup},
};
use cliquet_wire::{bytes::Bytes, contacts::ContactState, delivery_token::DeliveryToken};

pub(crate) fn vault_contact(name: &str, state: ContactState, verified: bool) -> VaultContact {
    VaultContact {
        email: format!("{name}@example.org").parse().expect("an address"),
        state,
        account_key_hash: Bytes([9; 32]),
        verified,
        counter: 300,
        keep_history: !verified,
        decided: 1_700_000_000_000,
        settings: conversation_settings(),
        timer: ConversationTimer { set_at: 1_700_000_000_000, seconds: Some(3_600) },
        profile_name: profile().name(),
    }
}

pub(crate) fn vault_body() -> VaultBody {
    let contacts = vec![
        vault_contact("bob", ContactState::Added, true),
        vault_contact("carol", ContactState::Requested, false),
        vault_contact("dave", ContactState::Blocked, false),
    ];
    let history = vec![history_head()];
    let older_history_keys = OlderKeys::default().with(Key::from_bytes([6; 32]));
    let settings = account_settings();
    let notes_timer = ConversationTimer { set_at: 1_700_000_000_000, seconds: Some(86_400) };
    VaultBody {
        generation: 3,
        counter: 2,
        contacts,
        history,
        older_history_keys,
        settings,
        profile: profile(),
        notes: conversation_settings(),
        notes_timer,
        delivery_token: Some(account_token()),
        groups: vec![VaultGroup {
            id: Bytes([7; 16]),
            joined: true,
            introduced_by: "bob@example.org".parse().expect("an address"),
            asked: vec!["bob@example.org".parse().expect("an address")],
            settings: conversation_settings(),
            version: 4,
            deleted: 0,
            name: "Walks".into(),
        }],
    }
}

pub(crate) fn account_token() -> AccountToken {
    AccountToken { token: DeliveryToken(Bytes([5; 16])), decided: 3 }
}
