//! Owns what may happen, one thing at a time: people, the network, power, clocks, and a server that misbehaves.

use crate::{
    choices::Choices,
    delivery_tokens,
    device::{Crash, Device, now_or_never},
    office::Letter,
    world::{Fate, World},
};
use cliquet_web_crypto::client::{
    compose::{delete, edit, pin, react, star},
    conversation::{DeliveryStatus, Message},
    peer::Trust,
    profile::Profile,
    settings::{AccountSettings, ConversationChange},
};
use cliquet_wire::{address::Address, envelope::Envelope};

/// How much a schedule may destroy, and so how much must come out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Reordered, repeated, answers lost, power lost: nothing is lost.
    Gentle,
    /// Also dropped, altered, replaced, forged, overtaken for long, pre-keys rotated away: what is lost is said.
    Rough,
    /// Also devices that go back to an older state.
    Restored,
}

/// In a gentle schedule nothing is overtaken more often, so that its chain is still remembered.
pub(crate) const OVERTAKEN_MAX: usize = 3;
const WEEK_MS: u64 = 7 * 24 * 3_600_000;

pub fn one(world: &mut World, class: Class, choices: &mut Choices<'_>) {
    let place = choices.below(world.devices.len());
    match choices.below(32) {
        0..=3 => write(world, place, choices),
        4 => amend(world, place, class, choices),
        5..=9 => {
            world.encrypt(place);
        }
        10..=12 => {
            world.post(place, false);
        }
        13..=18 => {
            let overtaken_max = if class == Class::Gentle { OVERTAKEN_MAX } else { usize::MAX };
            deliver(world, place, overtaken_max, choices);
        }
        19 => {
            world.turn(place);
        }
        20 => {
            world.post(place, true);
        }
        21 => repeat(world, place, choices),
        22 => world.devices[place].reload(),
        23 => {
            let when = [Crash::BeforeCommit, Crash::AfterCommit][choices.below(2)];
            world.devices[place].crash = Some((choices.below(4), when));
        }
        24 => add(world, place, choices),
        25 => tend(world, place, class, choices),
        26 => match choices.below(4) {
            0..=1 => read(world, place, choices),
            _ => set(world, place, choices),
        },
        27 => {
            // No one-time key is left for anyone who begins a session now.
            let id = world.devices[place].id;
            world.office.pre_keys.get_mut(&id).unwrap().one_time.clear();
        }
        28 if class >= Class::Rough => drop_one(world, place, choices),
        29 if class >= Class::Rough => alter(world, place, choices),
        30 if class >= Class::Rough => match choices.below(3) {
            0 => world.office.forge_bundle = true,
            1 => jump(world, place, choices),
            _ => write_again(world, place),
        },
        31 if class == Class::Restored => {
            if choices.below(2) == 0 || world.devices[place].copy.is_none() {
                let disk = world.devices[place].disk.clone();
                world.devices[place].copy = Some(disk);
            } else {
                world.restore(place);
            }
        }
        _ => deliver(world, place, 0, choices),
    }
}

/// To someone who was added, or to oneself: nobody else can be written to.
fn write(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let account = choices.below(world.accounts());
    let device = &world.devices[place];
    let contact = device.messenger.contact(&crate::world::address(account));
    if contact.is_some_and(|contact| matches!(contact.peer.trust, Trust::Added | Trust::Own)) {
        world.write(place, account);
    } else {
        add(world, place, choices);
    }
}

/// Edits, deletes, stars, pins or reacts to something that is on this device. A device that lost a text does not
/// get it again once it is deleted, so texts are deleted in gentle schedules only.
fn amend(world: &mut World, place: usize, class: Class, choices: &mut Choices<'_>) {
    let device = &mut world.devices[place];
    let settled = |line: &Message| {
        !line.is_notice() && !matches!(line.status, DeliveryStatus::Waiting | DeliveryStatus::Failed(_))
    };
    // As in a conversation that can be written to.
    let added = |line: &Message| {
        let peer = line.conversation.peer().and_then(|peer| device.messenger.peer(peer));
        peer.is_some_and(|peer| peer.trust == Trust::Added)
    };
    let lines: Vec<Message> = crate::world::all_lines(device).filter(|line| settled(line) && added(line)).collect();
    if lines.is_empty() {
        return;
    }
    device.now += 1;
    let (line, now, rng) = (&lines[choices.below(lines.len())], device.now, &mut device.rng);
    let (what, number) = (choices.below(10), choices.below(4));
    let changes = match what {
        0..=2 => edit(line, &format!("edited {number}"), now, rng),
        3..=5 => react(line, [None, Some("👍"), Some("🎉"), Some("❤️")][number], now, rng),
        8 => star(line, number > 0, now, rng),
        9 => pin(line, number > 0, now, rng),
        _ if class > Class::Gentle => return,
        what => {
            let changes = delete(line, what == 6, now, rng);
            if what == 6 && changes.is_ok() {
                world.deleted.insert(line.id);
            }
            changes
        }
    };
    if let Ok(changes) = changes {
        world.devices[place].disk.commit(&changes);
    }
}

/// Reads a whole conversation.
fn read(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let device = &world.devices[place];
    let Some(with) = a_contact(device, choices) else { return };
    let step = now_or_never(device.messenger.read(&(&with).into(), &device.disk, device.now)).unwrap();
    let texts: Vec<_> = device.lines(&with).iter().filter(|line| !line.is_own()).map(|line| line.id).collect();
    if world.devices[place].take(step) {
        let account = world.devices[place].account;
        world.read.extend(texts.into_iter().map(|text| (text, account)));
    }
}

/// Changes a setting of the account or of a conversation, or the profile.
fn set(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let device = &world.devices[place];
    let what = choices.below(9);
    let step = if what == 8 {
        let name = ["Zoé", "Zora", ""][choices.below(3)].to_owned();
        device.messenger.set_profile(Profile { name: Some(name), ..Profile::default() }).unwrap()
    } else if what == 0 {
        let before = device.messenger.settings();
        device.messenger.set_settings(AccountSettings { typing: !before.typing, ..before }).unwrap()
    } else {
        let Some(with) = a_contact(device, choices) else { return };
        let turn = choices.below(2) == 0;
        let change = match what {
            1 => ConversationChange::Pin(turn),
            2 => ConversationChange::Mute { until: if turn { u64::MAX } else { 0 } },
            3 => ConversationChange::Archive(turn),
            4 => ConversationChange::MarkUnread(turn),
            5 => ConversationChange::HideReading(turn),
            6 => ConversationChange::HideTyping(turn),
            _ => ConversationChange::Name(turn.then(|| "a name".to_owned())),
        };
        device.messenger.change_conversation(&(&with).into(), change, device.now).unwrap()
    };
    world.devices[place].take(step);
}

fn a_contact(device: &Device, choices: &mut Choices<'_>) -> Option<Address> {
    let contacts: Vec<_> = device.messenger.contacts().map(|contact| contact.address.clone()).collect();
    (!contacts.is_empty()).then(|| contacts[choices.below(contacts.len())].clone())
}

fn add(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let account = choices.below(world.accounts());
    if account != world.devices[place].account {
        world.add_contact(place, account);
    }
}

pub(crate) fn deliver(world: &mut World, place: usize, overtaken_max: usize, choices: &mut Choices<'_>) {
    let id = world.devices[place].id;
    let mailbox = world.office.mailbox(id);
    if let Some(overdue) = mailbox.overdue(overtaken_max) {
        world.deliver(place, |letters| overdue.min(letters.len().saturating_sub(1)));
    } else {
        world.deliver(place, |letters| choices.below(letters.len()));
    }
}

pub(crate) fn repeat(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let id = world.devices[place].id;
    let mailbox = world.office.mailbox(id);
    if !mailbox.given.is_empty() {
        mailbox.repeat(choices.below(mailbox.given.len()));
        world.deliver(place, |_| 0);
    }
}

/// In a gentle schedule a device rotates once: anyone who used its keys before still finds them.
fn tend(world: &mut World, place: usize, class: Class, choices: &mut Choices<'_>) {
    let much = choices.once_in(2);
    if much && (class > Class::Gentle || world.devices[place].rotations == 0) {
        world.devices[place].now += WEEK_MS;
    }
    world.replenish_pre_keys(place);
    delivery_tokens::tend(world, place, much);
}

pub(crate) fn jump(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let device = &mut world.devices[place];
    let by = [1_000, 61_000, 3_600_000, 10 * 365 * 24 * 3_600_000][choices.below(4)];
    device.now = if choices.below(2) == 0 { device.now + by } else { device.now.saturating_sub(by) };
}

fn write_again(world: &mut World, place: usize) {
    let device = &mut world.devices[place];
    let failed =
        crate::world::all_lines(device).find_map(|line| cliquet_web_crypto::client::compose::send_again(&line).ok());
    if let Some(composed) = failed {
        device.disk.commit(&composed.changes);
    }
}

fn waiting<'a>(world: &'a mut World, place: usize, choices: &mut Choices<'_>) -> Option<(usize, &'a mut Letter)> {
    let id = world.devices[place].id;
    let mailbox = world.office.mailbox(id);
    let count = mailbox.waiting.len();
    if count == 0 {
        return None;
    }
    let chosen = choices.below(count);
    Some((chosen, &mut mailbox.waiting[chosen]))
}

pub(crate) fn drop_one(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let Some((chosen, letter)) = waiting(world, place, choices) else { return };
    let letter = letter.clone();
    let id = world.devices[place].id;
    world.office.mailbox(id).waiting.remove(chosen);
    destroy(world, place, &letter);
}

/// A text on its way to this device; or a hello, and with it whatever its sender asked this device for.
pub(crate) fn destroy(world: &mut World, place: usize, letter: &Letter) {
    let asker = world.devices.iter().position(|device| device.id == letter.envelope.sender_device);
    world.ledger.destroyed(place, asker, letter);
    let authors: std::collections::BTreeMap<_, _> = world.texts.iter().map(|text| (text.id, text.author)).collect();
    for ((id, receiver), fate) in &mut world.fates {
        let text = *receiver == place && letter.about == Some(*id) && matches!(fate, Fate::UnderWay | Fate::Asked);
        let hello = letter.about.is_none() && Some(*receiver) == asker && authors.get(id) == Some(&place);
        if text || (hello && *fate == Fate::Asked) {
            *fate = Fate::Destroyed;
        }
    }
}

/// Another envelope made from one that waits: before it, or in its place.
pub(crate) fn alter(world: &mut World, place: usize, choices: &mut Choices<'_>) {
    let Some((chosen, letter)) = waiting(world, place, choices) else { return };
    // Not twice: the second change could undo the first.
    if !letter.genuine {
        return;
    }
    let genuine = letter.clone();
    let mut altered = letter.clone();
    (altered.about, altered.genuine, altered.cursor) = (None, false, None);
    if !alter_envelope(&mut altered.envelope, choices) {
        return;
    }
    let id = world.devices[place].id;
    let waiting = &mut world.office.mailbox(id).waiting;
    if choices.once_in(4) {
        waiting[chosen] = altered;
        destroy(world, place, &genuine);
    } else {
        waiting.insert(0, altered);
        world.deliver(place, |_| 0);
    }
}

/// Anything but the server's timestamp, which nothing authenticates. False: it stayed as it was.
fn alter_envelope(envelope: &mut Envelope, choices: &mut Choices<'_>) -> bool {
    let before = envelope.clone();
    let bit = 1 << choices.below(8);
    match choices.below(16) {
        // One that was cut to nothing before has no bit to flip.
        0..=2 if !envelope.ciphertext.0.is_empty() => {
            let at = choices.below(envelope.ciphertext.0.len());
            envelope.ciphertext.0[at] ^= bit;
        }
        3 => envelope.message_number = envelope.message_number.wrapping_add(choices.below(3) as u32),
        4 => envelope.message_number = [u32::MAX, 1_000, 1_001, 0][choices.below(4)],
        5 => envelope.previous_chain_length = [u32::MAX, 1_000, 1_001, 0][choices.below(4)],
        6 => envelope.new_ratchet_public_key.0[choices.below(32)] ^= bit,
        7 => envelope.salt.0[choices.below(16)] ^= bit,
        8 => envelope.pre_key_message = None,
        9 => envelope.id = cliquet_wire::ids::EnvelopeId::from_parts(choices.below(256) as u64, [bit; 10]),
        10 => envelope.ciphertext.0.truncate(choices.below(40)),
        11 => std::mem::swap(&mut envelope.sender_device, &mut envelope.receiver_device),
        _ => match envelope.pre_key_message.as_deref_mut() {
            Some(first) => match choices.below(7) {
                0 => first.ephemeral_key.0[choices.below(32)] ^= bit,
                1 => first.kem_ciphertext.0[choices.below(1_088)] ^= bit,
                2 => first.one_time_pre_key_id = first.one_time_pre_key_id.map(|id| id ^ u32::from(bit)),
                3 => first.one_time_pre_key_id = None,
                4 => first.signed_pre_key_id ^= u32::from(bit),
                5 => first.kem_pre_key_id ^= u32::from(bit),
                _ => first.certificate.signature.0[choices.below(384)] ^= bit,
            },
            None => envelope.ciphertext.0.push(bit),
        },
    }
    *envelope != before
}
