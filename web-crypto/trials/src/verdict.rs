//! Owns what must hold when a schedule is over and everything has come to rest.
//!
//! - No text is shown twice by a device, no key and nonce seal twice, no message key seals two posts (checked on the way).
//! - What a text that was posted became is known: shown, said (the client noticed that something did not open), or taken away
//!   by the schedule itself. A text is *silently* lost only when its sender had gone back to an older state, and then
//!   its author never sees it marked as delivered.
//! - What was asked for came again: a text that did not open at a device which may ask its sender for it is shown there in the end,
//!   unless the schedule took the request or the answer away, or took one of the two back to an older state.
//! - In a gentle schedule every text is shown once by every device that should have it, every text is marked as delivered
//!   (one to oneself as sent), and no notice is shown.
//! - "Delivered" is never said of a text that no device of the receiver has shown.
//! - Afterwards everybody can write to everybody: what they write now is shown everywhere.
//! - In a gentle schedule every device of an account shows the same of each text: its newest form, its deletion, the
//!   reactions to it, whether it is pinned. So do the devices of different accounts, but for what one of them deleted for itself.
//! - "Read" is never said of a text that the receiver has not read.
//! - In a gentle schedule the devices of an account agree on its settings, its profile and on what was read, and contacts
//!   see its profile.
//! - In a gentle schedule nothing is left in any storage of a text whose time is over, and no text in a conversation that
//!   another device of the account cleared.
//! - The state is bounded by the named limits.

use crate::{
    behaviours::Class,
    clearing, delivery_tokens,
    device::Device,
    disappearing,
    world::{Fate, World, address, all_lines},
};
use cliquet_web_crypto::{
    client::{
        conversation::{DeliveryStatus, Message, MessageBody},
        outbox::SLOTS_MAX,
        peer::Trust,
        profile::Profile,
        records::Store,
    },
    crypto::{
        PreKeySecrets,
        limits::{ONE_TIME_SECRETS_MAX, PRE_KEY_MESSAGES_SEEN_MAX, SESSIONS_PER_PEER_MAX, SKIPPED_MAX},
    },
};
use cliquet_wire::limits::POST_BYTES_MAX;
use std::collections::{BTreeMap, BTreeSet};

/// Rounds of writing after which everybody understands everybody again.
const HEALING_ROUNDS_MAX: usize = 4;
/// Who went back to an older state writes numbers that were used, until they catch up.
const HEALING_ROUNDS_MAX_RESTORED: usize = 200;

/// Minutes after which whatever was asked for is there.
const ASKING_ROUNDS_MAX: usize = 6;

/// What happened, for the totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub schedules: u64,
    pub texts: u64,
    pub opened: u64,
    pub said: u64,
    /// Texts that did not open, were asked for, and were shown.
    pub recovered: u64,
    pub destroyed: u64,
    pub from_strangers: u64,
    pub silent: u64,
    pub sealed: u64,
    /// Texts whose time was over everywhere.
    pub disappeared: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.schedules += more.schedules;
        self.texts += more.texts;
        self.opened += more.opened;
        self.said += more.said;
        self.recovered += more.recovered;
        self.destroyed += more.destroyed;
        self.from_strangers += more.from_strangers;
        self.silent += more.silent;
        self.sealed += more.sealed;
        self.disappeared += more.disappeared;
    }
}

pub fn everybody_adds_everybody(world: &mut World) {
    for place in 0..world.devices.len() {
        for account in 0..world.accounts() {
            let device = &world.devices[place];
            let added =
                device.messenger.contact(&address(account)).is_some_and(|contact| contact.peer.trust == Trust::Added);
            if account != device.account && !added {
                world.add_contact(place, account);
            }
        }
    }
}

pub fn reach(mut world: World, class: Class) -> Counts {
    world.office.forge_bundle = false;
    for device in &mut world.devices {
        device.crash = None;
    }
    everybody_adds_everybody(&mut world);
    world.settle();
    let during = world.texts.len();
    texts_are_where_they_should_be(&world, class);
    heal(&mut world, class);
    ask_for_what_is_missing(&mut world);
    texts_are_where_they_should_be(&world, class);
    if class == Class::Gentle {
        everybody_shows_the_same(&world);
        own_devices_agree(&world);
        contacts_see_profiles(&world);
        delivery_tokens::everybody_agrees(&mut world);
    }
    world.devices.iter().for_each(state_is_bounded);
    let mut disappeared = 0;
    if class == Class::Gentle {
        disappeared = disappearing::all_is_gone(&mut world);
        clearing::all_is_cleared(&mut world);
    }
    let fates = |wanted: Fate| world.fates.values().filter(|fate| **fate == wanted).count() as u64;
    Counts {
        schedules: 1,
        texts: during as u64,
        opened: world.opened as u64,
        said: fates(Fate::Said),
        recovered: world.recovered as u64,
        destroyed: fates(Fate::Destroyed),
        from_strangers: fates(Fate::FromStranger),
        silent: fates(Fate::Silent),
        sealed: world.pairs.len() as u64,
        disappeared: disappeared as u64,
    }
}

/// A minute apart: nobody asks more often.
fn ask_for_what_is_missing(world: &mut World) {
    for _ in 0..ASKING_ROUNDS_MAX {
        if world.fates.values().all(|fate| *fate != Fate::Asked) {
            return;
        }
        for place in 0..world.devices.len() {
            world.devices[place].now += 61_000;
            world.replenish_pre_keys(place);
        }
        world.settle();
    }
    let missing: Vec<_> =
        world.fates.iter().filter(|(_, fate)| **fate == Fate::Asked).map(|(which, _)| which).collect();
    assert!(missing.is_empty(), "asked for, and never came: {missing:?}");
}

fn texts_are_where_they_should_be(world: &World, class: Class) {
    let kept: Vec<BTreeMap<_, Vec<_>>> = world.devices.iter().map(lines_by_id).collect();
    for text in &world.texts {
        let mut shown_by_receiver = false;
        for place in world.receivers(*text) {
            let lines = kept[place].get(&text.id).map_or(0, Vec::len);
            let fate = world.fates.get(&(text.id, place));
            assert_eq!(lines, usize::from(fate == Some(&Fate::Shown)), "a text is shown {lines} times, fate {fate:?}");
            assert_ne!(fate, Some(&Fate::UnderWay), "a text is still under way");
            if class == Class::Gentle {
                assert_eq!(fate, Some(&Fate::Shown), "a text is missing");
            }
            let theirs = world.devices[place].account == text.to;
            shown_by_receiver |= theirs && world.shown.contains(&(text.id, place));
        }
        let own = kept[text.author].get(&text.id).map_or(&[][..], Vec::as_slice);
        assert!(own.len() == 1 || (own.is_empty() && world.devices[text.author].restored));
        for mark in own {
            match mark {
                DeliveryStatus::Delivered => assert!(shown_by_receiver, "marked as delivered, and never shown"),
                DeliveryStatus::Sent => {
                    let is_note = world.devices[text.author].account == text.to;
                    assert!(is_note || class != Class::Gentle, "never marked as delivered");
                }
                DeliveryStatus::Failed(_) => assert_ne!(class, Class::Gentle, "a text failed"),
                DeliveryStatus::Read => {
                    assert!(world.read.contains(&(text.id, text.to)), "marked as read, and never read");
                }
                DeliveryStatus::Waiting | DeliveryStatus::Received => panic!("a text still waits"),
            }
        }
    }
}

/// The marks of every line, by the message's id. Notices count in no device of a gentle schedule.
fn lines_by_id(device: &Device) -> BTreeMap<cliquet_web_crypto::client::conversation::MessageId, Vec<DeliveryStatus>> {
    let mut lines = BTreeMap::new();
    for line in all_lines(device).filter(|line| !line.is_notice()) {
        lines.entry(line.id).or_insert_with(Vec::new).push(line.status);
    }
    lines
}

/// Newest form, unless it is deleted; earlier ones; reactions; when it was pinned.
type Shown = (Option<String>, Vec<String>, Vec<(String, String)>, Option<u64>);

/// What a device shows of a text.
fn shown(message: &Message) -> Shown {
    let text = (!message.is_deleted()).then(|| message.text().to_owned());
    let earlier = message.earlier_texts().into_iter().map(|(_, text)| text.to_owned());
    let reactions = message.reactions().map(|(sender, emoji)| (sender.to_string(), emoji.to_owned()));
    (text, earlier.collect(), reactions.collect(), message.pinned_at())
}

/// The account's settings, each conversation's, and which texts were read and starred.
fn own_devices_agree(world: &World) {
    let mut by_account = BTreeMap::new();
    for device in &world.devices {
        let conversations: BTreeMap<_, _> = device
            .messenger
            .contacts()
            .chain(device.messenger.peer(device.messenger.address()))
            .map(|peer| {
                let contact = device.messenger.contact(&peer.address).unwrap();
                let lines = device.lines(&peer.address);
                let unread = lines.iter().filter(|line| contact.conversation.has_unread(line)).map(|line| line.id);
                let starred = lines.iter().filter(|line| line.is_starred()).map(|line| line.id);
                let (unread, starred): (BTreeSet<_>, BTreeSet<_>) = (unread.collect(), starred.collect());
                (peer.address.clone(), (contact.conversation.settings.clone(), unread, starred))
            })
            .collect();
        let agreed = (device.messenger.settings(), device.messenger.profile().clone(), conversations);
        let others = by_account.entry(device.account).or_insert_with(|| agreed.clone());
        assert_eq!(*others, agreed, "two devices of an account were set or read otherwise");
    }
}

/// Contacts see of an account what it shows, where it has them as contacts.
fn contacts_see_profiles(world: &World) {
    for (device, other) in
        world.devices.iter().flat_map(|device| world.devices.iter().map(move |other| (device, other)))
    {
        let added = |by: &Device, of: &Device| {
            let peer = by.messenger.peer(of.messenger.address());
            peer.is_some_and(|peer| peer.trust == Trust::Added && !peer.key_changed)
        };
        let shown = other.messenger.profile();
        if device.account == other.account || shown.decided == 0 || !added(device, other) || !added(other, device) {
            continue;
        }
        let key = (Store::Profiles, other.messenger.address().to_string());
        let seen = device.disk.0.get(&key).map(|value| Profile::load(value).unwrap());
        assert_eq!(seen.as_ref(), Some(shown), "a contact does not see the profile");
    }
}

fn everybody_shows_the_same(world: &World) {
    let lines: Vec<BTreeMap<_, Message>> =
        world.devices.iter().map(|device| all_lines(device).map(|line| (line.id, line)).collect()).collect();
    for text in &world.texts {
        let mut by_account = BTreeMap::new();
        for (device, lines) in world.devices.iter().zip(&lines) {
            if let Some(message) = lines.get(&text.id) {
                let shown = shown(message);
                let others = by_account.entry(device.account).or_insert_with(|| shown.clone());
                assert_eq!(*others, shown, "two devices of an account differ");
            }
        }
        let deleted = world.deleted.contains(&text.id);
        assert!(!deleted || by_account.values().all(|(text, ..)| text.is_none()), "a deletion did not arrive");
        let mut left = by_account.values().filter(|(text, ..)| text.is_some());
        if let Some(first) = left.next() {
            left.for_each(|other| assert_eq!(other, first, "two accounts differ"));
        }
    }
}

/// Everybody writes to everybody, a minute apart (a lost session is replaced once a minute), until a whole round arrives.
fn heal(world: &mut World, class: Class) {
    if class == Class::Gentle {
        let notices =
            world.devices.iter().flat_map(all_lines).filter(|line| matches!(line.body, MessageBody::Notice(_)));
        assert_eq!(notices.count(), 0, "a notice in a gentle schedule");
    }
    let rounds = match class {
        Class::Gentle => 1,
        Class::Rough => HEALING_ROUNDS_MAX,
        Class::Restored => HEALING_ROUNDS_MAX_RESTORED,
    };
    for _ in 0..rounds {
        let first = world.texts.len();
        for place in 0..world.devices.len() {
            world.devices[place].now += 61_000;
            world.replenish_pre_keys(place);
            for account in 0..world.accounts() {
                if account != world.devices[place].account {
                    world.write(place, account);
                }
            }
        }
        world.settle();
        let all = world.texts[first..].iter().all(|text| {
            let own = lines_by_id(&world.devices[text.author]);
            world.receivers(*text).iter().all(|place| world.fates.get(&(text.id, *place)) == Some(&Fate::Shown))
                && own.get(&text.id) == Some(&vec![DeliveryStatus::Delivered])
        });
        if all {
            return;
        }
    }
    panic!("they do not understand each other again");
}

fn state_is_bounded(device: &Device) {
    for sessions in device.messenger.all_sessions() {
        assert!(sessions.len() <= SESSIONS_PER_PEER_MAX);
        assert!(sessions.skipped_len() <= SKIPPED_MAX);
        assert!(sessions.pre_key_messages_len() <= PRE_KEY_MESSAGES_SEEN_MAX);
    }
    let secrets = device.disk.0.iter().find(|((_, key), _)| key == "pre_keys");
    let secrets = PreKeySecrets::load(secrets.unwrap().1).unwrap();
    assert!(secrets.one_time_len() <= ONE_TIME_SECRETS_MAX);
    assert!(device.messenger.outbox().count() <= SLOTS_MAX);
    for entry in device.messenger.outbox() {
        assert!(entry.body.len() <= POST_BYTES_MAX);
    }
    assert!(
        device
            .messenger
            .contacts()
            .all(|peer| device.messenger.owed(&(&peer.address).into()).is_none_or(|owed| owed.receipts.is_empty())),
        "a receipt is still owed"
    );
}
