//! The vault and its locks: who opens what, and what is told of a vault that does not open.

use crate::people::{Person, alice, mallory};
use cliquet_web_crypto::{
    client::group::{GROUP_NAME_BYTES_MAX, GROUPS_MAX},
    crypto::{
        conversation_settings::{ConversationSettings, JoinLink, NICKNAME_BYTES_MAX},
        conversation_timer::{ConversationTimer, LIFE_SECONDS_MAX},
        history::OlderKeys,
        keys::Key,
        limits::HISTORY_KEYS_MAX,
        profile::{PROFILE_ABOUT_BYTES_MAX, PROFILE_NAME_BYTES_MAX, PROFILE_PICTURE_BYTES_MAX, Profile, ProfileName},
        rsa::WrappedAccountKey,
        vault::{self, GROUP_ASKED_MAX, NewRoot, Owner, VaultBody, VaultContact, VaultError, VaultGroup, VaultKeys},
    },
};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes},
    contacts::ContactState,
    ids::DeviceId,
    limits::{ADDRESS_BYTES_MAX, CONTACTS_MAX, VAULT_BYTES_MAX},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

const PASSWORD: [u8; 64] = [1; 64];
const NEW_PASSWORD: [u8; 64] = [2; 64];
/// A key slot, and where each begins: after the heads of the array (1 byte), the version (1), the maps (1), the fields'
/// numbers (1) and the byte strings' lengths (2).
const SLOT: usize = 64;
const PASSWORD_SLOT: usize = 6;
const ROOT_SLOT: usize = PASSWORD_SLOT + SLOT + 5;
const ENTROPY_SLOT: usize = ROOT_SLOT + SLOT + 3;
/// The wrapped account key: a number, and a length of three bytes.
const WRAPPED: usize = ENTROPY_SLOT + SLOT + 4;

struct Made {
    person: Person,
    rng: ChaCha20Rng,
    root: Key,
    keys: VaultKeys,
    entropy: Key,
    wrapped: WrappedAccountKey,
    /// Without and with a recovery key.
    plain: Blob,
    sealed: Blob,
}

impl Made {
    fn new(person: Person, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (root, entropy) = (Key::generate(&mut rng), Key::generate(&mut rng));
        let keys = VaultKeys::derive(&root);
        let wrapped = person.signer.wrap(&keys.wrapping, &mut rng).unwrap();
        let owner = Owner { email: person.own.email(), account_key: person.own.account_key() };
        let plain = vault::make(owner, &root, &PASSWORD, &wrapped, 1, &mut rng).unwrap();
        let sealed = vault::set_recovery_lock(owner, &root, &entropy, &plain, &mut rng).unwrap();
        Self { person, rng, root, keys, entropy, wrapped, plain, sealed }
    }

    fn owner(&self) -> Owner<'_> {
        Owner { email: self.person.own.email(), account_key: self.person.own.account_key() }
    }

    fn replaced(&mut self, body: &VaultBody) -> Result<Blob, VaultError> {
        let owner = Owner { email: self.person.own.email(), account_key: self.person.own.account_key() };
        vault::replace_body(owner, &self.keys.body, body, &self.sealed, &mut self.rng)
    }
}

fn body(contacts: usize) -> VaultBody {
    let contact = |at: usize| VaultContact {
        email: format!("contact-{at}@example.org").parse().unwrap(),
        state: [ContactState::Added, ContactState::Requested, ContactState::Blocked][at % 3],
        account_key_hash: Bytes([7; 32]),
        verified: at.is_multiple_of(2),
        counter: 3,
        keep_history: at.is_multiple_of(5),
        decided: 1_700_000_000_000,
        settings: ConversationSettings::default(),
        timer: ConversationTimer::default(),
        profile_name: ProfileName::default(),
    };
    VaultBody { generation: 0, counter: 2, contacts: (0..contacts).map(contact).collect(), ..VaultBody::default() }
}

#[test]
fn password_and_recovery_key_give_the_same_root_and_the_root_shows_the_recovery_key_again() {
    let made = Made::new(alice(600), 600);
    let owner = made.owner();
    for blob in [&made.plain, &made.sealed] {
        assert_eq!(vault::root_by_password(owner, &PASSWORD, blob).unwrap().as_bytes(), made.root.as_bytes());
        let open = vault::open(owner, &made.keys.body, 0, blob).unwrap();
        assert_eq!(open.wrapped, made.wrapped);
        assert_eq!((open.body.counter, open.body.contacts.len()), (1, 0));
    }
    let root = vault::root_by_recovery_key(owner, &made.entropy, &made.sealed).unwrap();
    assert_eq!(root.as_bytes(), made.root.as_bytes());
    assert_eq!(vault::kept_entropy(owner, &root, &made.sealed).unwrap().as_bytes(), made.entropy.as_bytes());
    let generations = [&made.plain, &made.sealed].map(|blob| vault::open(owner, &made.keys.body, 0, blob).unwrap());
    assert_eq!(generations.map(|open| open.body.generation), [1, 2]);
}

#[test]
fn a_vault_that_does_not_open_tells_why() {
    let mut made = Made::new(alice(601), 601);
    let wrong = Key::from_bytes([9; 32]);
    let newer = made.replaced(&body(2)).unwrap();
    let (owner, keys) = (made.owner(), &made.keys);
    assert_eq!(vault::root_by_password(owner, &NEW_PASSWORD, &made.sealed).err(), Some(VaultError::PasswordLock));
    assert_eq!(vault::root_by_recovery_key(owner, &wrong, &made.sealed).err(), Some(VaultError::RecoveryLock));
    assert_eq!(vault::root_by_recovery_key(owner, &wrong, &made.plain).err(), Some(VaultError::NoRecoveryKey));
    assert_eq!(vault::kept_entropy(owner, &made.root, &made.plain).err(), Some(VaultError::NoRecoveryKey));
    assert_eq!(vault::kept_entropy(owner, &wrong, &made.sealed).err(), Some(VaultError::Altered));
    assert_eq!(vault::open(owner, &wrong, 0, &made.sealed).err(), Some(VaultError::Altered));
    assert_eq!(vault::open(owner, &keys.body, 3, &made.sealed).err(), Some(VaultError::Older));
    assert!(vault::open(owner, &keys.body, 2, &made.sealed).is_ok());
    assert!(vault::open(owner, &keys.body, 3, &newer).is_ok());
    for (version, expected) in [(0, VaultError::Altered), (2, VaultError::OtherVersion), (3, VaultError::OtherVersion)]
    {
        let mut other = made.sealed.clone();
        other.0[1] = version;
        assert_eq!(vault::open(owner, &keys.body, 0, &other).err(), Some(expected));
        assert_eq!(vault::root_by_password(owner, &PASSWORD, &other).err(), Some(expected));
    }
    for length in 0..made.sealed.0.len() {
        let cut = Blob(made.sealed.0[..length].to_vec());
        assert_eq!(vault::open(owner, &keys.body, 0, &cut).err(), Some(VaultError::Altered), "{length}");
    }
    let longer = Blob([made.sealed.0.as_slice(), &[0]].concat());
    assert_eq!(vault::open(owner, &keys.body, 0, &longer).err(), Some(VaultError::Altered));
}

#[test]
fn another_accounts_vault_or_locks_open_nothing() {
    let (alices, mallorys) = (Made::new(alice(602), 602), Made::new(mallory(602), 603));
    // Mallory's vault with everything that opens it, under Alice's name or beside Alice's key.
    let mixed = [
        Owner { email: alices.person.own.email(), account_key: mallorys.person.own.account_key() },
        Owner { email: mallorys.person.own.email(), account_key: alices.person.own.account_key() },
        alices.owner(),
    ];
    for owner in mixed {
        assert!(vault::root_by_password(owner, &PASSWORD, &mallorys.sealed).is_err());
        assert!(vault::root_by_recovery_key(owner, &mallorys.entropy, &mallorys.sealed).is_err());
        assert!(vault::kept_entropy(owner, &mallorys.root, &mallorys.sealed).is_err());
        assert!(vault::open(owner, &mallorys.keys.body, 0, &mallorys.sealed).is_err());
    }
}

#[test]
fn no_part_of_an_older_vault_stands_in_a_newer_one() {
    let mut made = Made::new(alice(604), 604);
    let older = made.sealed.clone();
    let other_entropy = Key::from_bytes([8; 32]);
    let newer = made.replaced(&body(1)).unwrap();
    let owner = made.owner();
    let mut rng = ChaCha20Rng::seed_from_u64(605);
    let newer = vault::replace_password_lock(owner, &made.root, &NEW_PASSWORD, &newer, &mut rng).unwrap();
    let newer = vault::set_recovery_lock(owner, &made.root, &other_entropy, &newer, &mut rng).unwrap();
    let parts = [
        PASSWORD_SLOT..PASSWORD_SLOT + SLOT,
        ROOT_SLOT..ROOT_SLOT + SLOT,
        ENTROPY_SLOT..ENTROPY_SLOT + SLOT,
        WRAPPED + made.wrapped.0.len()..older.0.len(),
    ];
    assert_eq!(older.0.len(), newer.0.len());
    for part in parts {
        let mut mixed = newer.clone();
        mixed.0[part.clone()].copy_from_slice(&older.0[part.clone()]);
        assert_ne!(mixed, newer);
        assert_eq!(vault::open(owner, &made.keys.body, 0, &mixed).err(), Some(VaultError::Altered), "{part:?}");
    }
    // Without the recovery lock, as if none had been set.
    let mut without = newer.0.clone();
    without.drain(PASSWORD_SLOT + SLOT..ENTROPY_SLOT + SLOT);
    without[2] = 0xa3;
    let root = vault::root_by_recovery_key(owner, &other_entropy, &Blob(without.clone()));
    assert_eq!(root.err(), Some(VaultError::NoRecoveryKey), "it reads, and has no such slot");
    assert_eq!(vault::open(owner, &made.keys.body, 0, &Blob(without)).err(), Some(VaultError::Altered));
}

#[test]
fn another_body_leaves_the_locks_as_they_are_byte_for_byte() {
    let mut made = Made::new(alice(606), 606);
    let before = made.sealed.clone();
    let replaced = made.replaced(&body(3)).unwrap();
    let head = WRAPPED + made.wrapped.0.len();
    assert_eq!(replaced.0[..head], before.0[..head]);
    let (owner, keys) = (made.owner(), &made.keys);
    let open = vault::open(owner, &keys.body, 0, &replaced).unwrap();
    assert_eq!(open.body, VaultBody { generation: 3, ..body(3) });
    // Anyone who has seen a later one goes on past it.
    let mut rng = ChaCha20Rng::seed_from_u64(607);
    let seen = VaultBody { generation: 70, ..body(3) };
    let replaced = vault::replace_body(owner, &keys.body, &seen, &before, &mut rng).unwrap();
    assert_eq!(vault::open(owner, &keys.body, 71, &replaced).unwrap().body.generation, 71);
    // Nothing is sealed beside slots that the body does not vouch for.
    let mut altered = before;
    altered.0[PASSWORD_SLOT] ^= 1;
    let refused = vault::replace_body(owner, &keys.body, &body(3), &altered, &mut rng);
    assert_eq!(refused.err(), Some(VaultError::Altered));
    let refused = vault::replace_password_lock(owner, &made.root, &NEW_PASSWORD, &altered, &mut rng);
    assert_eq!(refused.err(), Some(VaultError::Altered));
    let refused = vault::set_recovery_lock(owner, &made.root, &made.entropy, &altered, &mut rng);
    assert_eq!(refused.err(), Some(VaultError::Altered));
}

#[test]
fn a_new_password_or_recovery_key_replaces_the_old_one_and_leaves_the_other() {
    let mut made = Made::new(alice(608), 608);
    made.sealed = made.replaced(&body(3)).unwrap();
    let (owner, root) = (made.owner(), &made.root);
    let mut rng = ChaCha20Rng::seed_from_u64(609);
    let changed = vault::replace_password_lock(owner, root, &NEW_PASSWORD, &made.sealed, &mut rng).unwrap();
    assert_eq!(vault::root_by_password(owner, &PASSWORD, &changed).err(), Some(VaultError::PasswordLock));
    assert!(vault::root_by_password(owner, &NEW_PASSWORD, &changed).is_ok());
    assert!(vault::root_by_recovery_key(owner, &made.entropy, &changed).is_ok());
    let other = Key::from_bytes([8; 32]);
    let again = vault::set_recovery_lock(owner, root, &other, &changed, &mut rng).unwrap();
    assert_eq!(vault::root_by_recovery_key(owner, &made.entropy, &again).err(), Some(VaultError::RecoveryLock));
    assert!(vault::root_by_recovery_key(owner, &other, &again).is_ok());
    assert_eq!(vault::kept_entropy(owner, root, &again).unwrap().as_bytes(), other.as_bytes());
    assert!(vault::root_by_password(owner, &NEW_PASSWORD, &again).is_ok());
    let open = vault::open(owner, &made.keys.body, 0, &again).unwrap();
    assert_eq!((open.body, open.wrapped), (VaultBody { generation: 5, ..body(3) }, made.wrapped.clone()));
    assert!(open_account(&made, &again));
}

fn open_account(made: &Made, blob: &Blob) -> bool {
    let open = vault::open(made.owner(), &made.keys.body, 0, blob).unwrap();
    open.wrapped.unwrap(made.owner().account_key, &made.keys.wrapping).is_ok()
}

#[test]
fn a_vaults_length_hides_a_few_contacts_and_a_full_list_of_the_longest_addresses_fits() {
    let mut made = Made::new(alice(610), 610);
    assert_eq!(made.replaced(&body(0)).unwrap().0.len(), made.replaced(&body(10)).unwrap().0.len());
    let mut longest = body(CONTACTS_MAX);
    for (at, contact) in longest.contacts.iter_mut().enumerate() {
        let labels = [&"a".repeat(63), &"b".repeat(63), &"c".repeat(60)].map(String::as_str).join(".");
        let local = format!("{at:0>64}");
        contact.email = format!("{local}@{labels}").parse().unwrap();
        assert!(contact.email.as_str().len() >= ADDRESS_BYTES_MAX - 1);
        contact.counter = u64::from(u32::MAX);
        contact.settings = ConversationSettings {
            decided: u64::from(u32::MAX),
            pinned: true,
            muted_until: u64::MAX,
            archived_at: 1_700_000_000_000,
            marked_unread: true,
            nickname: Some("n".repeat(NICKNAME_BYTES_MAX)),
            hides_reading: true,
            hides_typing: true,
            cleared_until: 1_700_000_000_000,
            join_link: None,
        };
        contact.profile_name = ProfileName { decided: u64::MAX, name: Some("p".repeat(PROFILE_NAME_BYTES_MAX)) };
        contact.timer = ConversationTimer { set_at: 1_700_000_000_000, seconds: Some(LIFE_SECONDS_MAX) };
    }
    longest.profile = Profile {
        decided: u64::MAX,
        name: Some("p".repeat(PROFILE_NAME_BYTES_MAX)),
        about: Some("a".repeat(PROFILE_ABOUT_BYTES_MAX)),
        picture: Some(vec![0; PROFILE_PICTURE_BYTES_MAX]),
    };
    let addresses: Vec<Address> = longest.contacts.iter().map(|contact| contact.email.clone()).collect();
    let group = |at: usize| VaultGroup {
        id: Bytes([u8::try_from(at % 256).unwrap(); 16]),
        joined: true,
        introduced_by: addresses[at].clone(),
        asked: addresses[..GROUP_ASKED_MAX].to_vec(),
        settings: ConversationSettings {
            join_link: Some(JoinLink {
                secret: Bytes([255; 16]),
                device: DeviceId::from_random([255; 16]),
                asks: true,
            }),
            ..longest.contacts[0].settings.clone()
        },
        version: u32::MAX,
        deleted: u32::MAX,
        name: "n".repeat(GROUP_NAME_BYTES_MAX),
    };
    longest.groups = (0..GROUPS_MAX).map(group).collect();
    assert!(made.replaced(&longest).unwrap().0.len() <= VAULT_BYTES_MAX);
    let more = longest.contacts.clone();
    longest.contacts.extend(more);
    assert_eq!(made.replaced(&longest).err(), Some(VaultError::TooLarge));
}

/// The server compares heads: devices change the body, and the head only with a proof.
#[test]
fn another_body_leaves_the_head_and_another_lock_does_not() {
    let mut alice = Made::new(alice(621), 621);
    let head = |blob: &Blob| cliquet_wire::vault::head(blob).unwrap().to_vec();
    let replaced = alice.replaced(&VaultBody::default()).unwrap();
    assert_ne!(replaced, alice.sealed);
    assert_eq!(head(&replaced), head(&alice.sealed));
    assert_ne!(head(&alice.plain), head(&alice.sealed), "with a recovery key");
    let (owner, root) = (alice.owner(), &alice.root);
    let mut rng = ChaCha20Rng::seed_from_u64(22);
    let relocked = vault::replace_password_lock(owner, root, &NEW_PASSWORD, &alice.sealed, &mut rng).unwrap();
    assert_ne!(head(&relocked), head(&alice.sealed));
}

/// What a device that was removed keeps.
struct Removed {
    body: Key,
    history: Key,
    wrapping: Key,
}

/// Finding: removal changed no key.
#[test]
fn another_root_opens_with_the_same_password_and_recovery_key_and_with_no_earlier_key() {
    for has_recovery_key in [true, false] {
        let mut made = Made::new(alice(610), 610);
        let owner = Owner { email: made.person.own.email(), account_key: made.person.own.account_key() };
        let blob = if has_recovery_key { made.sealed.clone() } else { made.plain.clone() };
        let blob = vault::replace_body(owner, &made.keys.body, &body(3), &blob, &mut made.rng).unwrap();
        let before = vault::open(owner, &made.keys.body, 0, &blob).unwrap();
        let root = Key::generate(&mut made.rng);
        let keys = VaultKeys::derive(&root);
        let wrapped = made.person.signer.wrap(&keys.wrapping, &mut made.rng).unwrap();
        let new = NewRoot { root: &root, export_key: &PASSWORD, wrapped: &wrapped };
        let renewed = vault::replace_root(owner, &made.root, new, &blob, &mut made.rng).unwrap();

        assert_eq!(vault::root_by_password(owner, &PASSWORD, &renewed).unwrap(), root);
        let recovered = vault::root_by_recovery_key(owner, &made.entropy, &renewed);
        let shown = vault::kept_entropy(owner, &root, &renewed);
        if has_recovery_key {
            assert_eq!((recovered.unwrap(), shown.unwrap()), (root, made.entropy));
        } else {
            assert_eq!(recovered.err(), Some(VaultError::NoRecoveryKey));
            assert_eq!(shown.err(), Some(VaultError::NoRecoveryKey));
        }
        let open = vault::open(owner, &keys.body, before.body.generation + 1, &renewed).unwrap();
        assert_eq!(open.body.older_history_keys.newest_first().collect::<Vec<_>>(), [&made.keys.history]);
        let (generation, older_history_keys) = (open.body.generation, open.body.older_history_keys.clone());
        assert_eq!(open.body, VaultBody { generation, older_history_keys, ..before.body });
        assert!(open.wrapped.unwrap(owner.account_key, &keys.wrapping).is_ok());

        let removed = Removed { body: made.keys.body, history: made.keys.history, wrapping: made.keys.wrapping };
        assert_eq!(vault::open(owner, &removed.body, 0, &renewed).err(), Some(VaultError::Altered));
        assert!(open.wrapped.unwrap(owner.account_key, &removed.wrapping).is_err());
        assert_ne!(removed.history, keys.history);
    }
}

#[test]
fn as_many_earlier_keys_of_the_history_as_fit_are_kept_and_one_more_replaces_the_oldest() {
    let key = |number: usize| Key::from_bytes([u8::try_from(number % 251).unwrap(); 32]);
    let full = (0..HISTORY_KEYS_MAX).fold(OlderKeys::default(), |keys, number| keys.with(key(number)));
    assert_eq!(full.newest_first().count(), HISTORY_KEYS_MAX);
    assert_eq!(full.newest_first().last(), Some(&key(0)));
    let more = full.with(key(HISTORY_KEYS_MAX));
    assert_eq!(more.newest_first().count(), HISTORY_KEYS_MAX);
    assert_eq!((more.newest_first().next(), more.newest_first().last()), (Some(&key(HISTORY_KEYS_MAX)), Some(&key(1))));
}
