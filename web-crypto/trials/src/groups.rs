//! Owns schedules of groups: people make them, talk, and change them at the same time, while envelopes overtake each other,
//! answers are lost and power goes.
//!
//! When all has come to rest, every device of every member has the same state of the group; what was written is shown once
//! on every device of everybody who was a member then and is one in the end; what is written after somebody left is on no
//! device of theirs; and no key and nonce sealed twice.

use crate::{
    behaviours::{OVERTAKEN_MAX, deliver, repeat},
    choices::Choices,
    delivery_tokens,
    device::{Crash, Device, now_or_never},
    signatures::Stamp,
    world::{GROUP_LAYOUTS, World, all_lines},
};
use cliquet_web_crypto::client::{
    compose::{compose, react},
    conversation::{ConversationId, GroupId, Message, MessageId},
    group::{Chain, Change, GroupState, Role, Standing},
};
use cliquet_wire::address::Address;
use std::collections::BTreeSet;

/// Things that happen in a schedule.
const STEPS: [usize; 6] = [16, 32, 48, 64, 96, 160];
/// Groups in a schedule.
const GROUPS_MAX: usize = 2;
/// Rounds of writing after which nobody lacks a statement any more.
const HEALING_ROUNDS: usize = 3;
/// Longer than between two wishes for statements.
const PAUSE_MS: u64 = 20_000;

/// A text, and who was a member as its author knew the group then.
struct Said {
    id: MessageId,
    group: GroupId,
    author: usize,
    members: BTreeSet<Address>,
}

/// What happened, for the totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub schedules: u64,
    pub texts: u64,
    /// Statements that count in the end.
    pub statements: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.schedules += more.schedules;
        self.texts += more.texts;
        self.statements += more.statements;
    }
}

/// One schedule.
pub fn from_seed(seed: u64) -> Counts {
    let mut choices = Choices::seed(seed);
    let layout = GROUP_LAYOUTS[choices.below(GROUP_LAYOUTS.len())];
    let mut world = World::strangers(layout, seed);
    // Nobody but the first one knows all the others.
    for place in 0..world.devices.len() {
        let account = world.devices[place].account;
        let others = if account == 0 { 1..world.accounts() } else { 0..1 };
        others.for_each(|other| world.add_contact(place, other));
    }
    world.settle();
    let (mut groups, mut said) = (Vec::new(), Vec::new());
    make(&mut world, 0, &mut groups, &mut choices);
    for _ in 0..STEPS[choices.below(STEPS.len())] {
        one(&mut world, &mut groups, &mut said, &mut choices);
    }
    let texts = said.len() as u64;
    let at_rest = come_to_rest(&mut world, &groups, &mut said);
    Counts { schedules: 1, texts, statements: verdict(&world, &groups, &said, at_rest) as u64 }
}

fn one(world: &mut World, groups: &mut Vec<GroupId>, said: &mut Vec<Said>, choices: &mut Choices<'_>) {
    let place = choices.below(world.devices.len());
    let group = groups[choices.below(groups.len())];
    match choices.below(24) {
        0..=2 => say(world, place, group, said),
        3 => amend(world, place, group, choices),
        4..=6 => change(world, place, group, choices),
        7 => make(world, place, groups, choices),
        8 => join(world, place),
        9..=13 => {
            world.encrypt(place);
        }
        14..=16 => {
            world.post(place, false);
        }
        17 => {
            world.post(place, true);
        }
        18 => world.devices[place].reload(),
        19 => {
            let when = [Crash::BeforeCommit, Crash::AfterCommit][choices.below(2)];
            world.devices[place].crash = Some((choices.below(4), when));
        }
        20 => repeat(world, place, choices),
        21 => delivery_tokens::tend(world, place, false),
        _ => deliver(world, place, OVERTAKEN_MAX, choices),
    }
}

fn state(device: &Device, group: GroupId) -> Option<&GroupState> {
    device.messenger.group_state(group).filter(|state| state.member(&device.address).is_some())
}

fn make(world: &mut World, place: usize, groups: &mut Vec<GroupId>, choices: &mut Choices<'_>) {
    if groups.len() >= GROUPS_MAX {
        return;
    }
    let device = &world.devices[place];
    let others = device.messenger.contacts().map(|peer| (peer.address.clone(), peer.account_key.hash()));
    let add = |(address, key_hash)| Change::Add { address, key_hash, role: Role::Member };
    let mut changes: Vec<Change> = others.map(add).filter(|_| choices.below(4) > 0).collect();
    changes.push(Change::Name(format!("group {}", groups.len())));
    let signer = Stamp::of(device.account as u8);
    let device = &mut world.devices[place];
    let made = device.messenger.create_group(changes, &signer, device.now, &mut device.rng);
    let (id, step) = now_or_never(made).unwrap();
    if device.take(step) {
        groups.push(id);
    } else if groups.is_empty() {
        make(world, place, groups, choices);
    }
}

fn say(world: &mut World, place: usize, group: GroupId, said: &mut Vec<Said>) {
    let device = &mut world.devices[place];
    let is_joined = device.messenger.group(group).is_some_and(|group| group.standing == Standing::Joined);
    let Some(state) = state(device, group).filter(|_| is_joined) else { return };
    let members = state.members().map(|(address, _)| address.clone()).collect();
    device.now += 1;
    let text = format!("text {}", said.len());
    let id = ConversationId::Group(group);
    let newest = device.messenger.conversation(&id).map_or(0, |conversation| conversation.newest);
    let composed = compose(&device.address, &id, &text, None, device.now, newest, &mut device.rng).unwrap();
    device.disk.commit(&composed.changes);
    said.push(Said { id: composed.message.id, group, author: place, members });
}

fn amend(world: &mut World, place: usize, group: GroupId, choices: &mut Choices<'_>) {
    let device = &mut world.devices[place];
    let lines: Vec<Message> = lines(device, group).filter(|line| !line.is_notice()).collect();
    if state(device, group).is_none() || lines.is_empty() {
        return;
    }
    let line = &lines[choices.below(lines.len())];
    device.now += 1;
    if let Ok(changes) = react(line, [None, Some("👍"), Some("🎉")][choices.below(3)], device.now, &mut device.rng)
    {
        device.disk.commit(&changes);
    }
}

/// Changes a group as its members may, or tries to as they may not.
fn change(world: &mut World, place: usize, group: GroupId, choices: &mut Choices<'_>) {
    let device = &world.devices[place];
    let Some(state) = state(device, group) else { return };
    let members: Vec<Address> = state.members().map(|(address, _)| address.clone()).collect();
    let one = members[choices.below(members.len())].clone();
    let strangers = device.messenger.contacts().filter(|peer| state.member(&peer.address).is_none());
    let strangers: Vec<_> = strangers.map(|peer| (peer.address.clone(), peer.account_key.hash())).collect();
    let change = match choices.below(8) {
        0..=2 if !strangers.is_empty() => {
            let (address, key_hash) = strangers[choices.below(strangers.len())].clone();
            Change::Add { address, key_hash, role: [Role::Member, Role::Admin][choices.below(2)] }
        }
        3 => Change::Remove(one),
        4..=5 => Change::SetRole { address: one, role: [Role::Admin, Role::Member][choices.below(2)] },
        _ => Change::Name(format!("name {}", choices.below(8))),
    };
    let signer = Stamp::of(device.account as u8);
    let device = &mut world.devices[place];
    device.now += 1;
    let changed = now_or_never(device.messenger.change_group(group, vec![change], &signer, device.now));
    if let Ok(step) = changed {
        device.take(step);
    }
}

fn join(world: &mut World, place: usize) {
    let device = &mut world.devices[place];
    let asked = device.messenger.groups().find(|group| group.standing == Standing::Asked).map(|group| group.id);
    if let Some(id) = asked {
        let step = device.messenger.join_group(id).unwrap();
        device.take(step);
    }
}

/// Everybody joins and says something now and then, until everybody knows everything. Returns how many texts were written
/// before the last round.
fn come_to_rest(world: &mut World, groups: &[GroupId], said: &mut Vec<Said>) -> usize {
    for device in &mut world.devices {
        device.crash = None;
    }
    let mut before = said.len();
    for _ in 0..HEALING_ROUNDS {
        world.settle();
        before = said.len();
        for place in 0..world.devices.len() {
            world.devices[place].now += PAUSE_MS;
            for _ in 0..groups.len() {
                join(world, place);
            }
            for group in groups {
                say(world, place, *group, said);
            }
        }
        world.settle();
    }
    before
}

fn lines(device: &Device, group: GroupId) -> impl Iterator<Item = Message> {
    let id = ConversationId::Group(group);
    all_lines(device).filter(move |line| line.conversation == id)
}

fn verdict(world: &World, groups: &[GroupId], said: &[Said], at_rest: usize) -> usize {
    let mut statements = 0;
    for group in groups {
        let of = |device: &Device| device.messenger.group_state(*group).cloned();
        let Some(whole) = whole(world, *group) else { continue };
        let latest = whole.state().unwrap().clone();
        statements += latest.version() as usize;
        for device in world.devices.iter().filter(|device| latest.member(&device.address).is_some()) {
            assert_eq!(of(device).as_ref(), Some(&latest), "{} has another state", device.address.as_str());
        }
        for text in said.iter().filter(|text| text.group == *group) {
            let author = &world.devices[text.author].address;
            for (place, device) in world.devices.iter().enumerate() {
                let shown = lines(device, *group).filter(|line| line.id == text.id).count();
                assert!(shown <= 1, "a text was shown twice");
                let was_member = text.members.contains(&device.address) && latest.member(&device.address).is_some();
                let stayed = |who| !wavered(&whole, who);
                if was_member && latest.member(author).is_some() && stayed(&device.address) && stayed(author) {
                    assert_eq!(shown, 1, "{:?} of {} is not shown at {place}", text.id, author.as_str());
                }
            }
        }
        // What was written when everybody knew who is in it reaches nobody else.
        for text in said.iter().skip(at_rest).filter(|text| text.group == *group) {
            for device in world.devices.iter().filter(|device| latest.member(&device.address).is_none()) {
                let has = lines(device, *group).any(|line| line.id == text.id);
                let is_own = device.address == world.devices[text.author].address;
                assert!(!has || is_own, "{} reads what is written without them", device.address.as_str());
            }
        }
    }
    statements
}

/// Everything that anybody knows of a group. What of it counts is what everybody finds who knows all of it.
fn whole(world: &World, group: GroupId) -> Option<Chain> {
    let mut chains = world.devices.iter().filter_map(|device| device.messenger.chain(group));
    let mut whole = chains.next()?.clone();
    for chain in chains {
        for statement in chain.statements().into_iter().filter_map(|signed| chain.get(&signed.hash())) {
            whole.insert(statement.clone()).unwrap();
        }
    }
    Some(whole)
}

/// Whether somebody was removed, or added by a statement that did not count: what was written around then they may lack, and
/// what they wrote may be refused.
fn wavered(whole: &Chain, who: &Address) -> bool {
    let statements = whole.statements().into_iter().filter_map(|signed| whole.get(&signed.hash()));
    let changes: Vec<&Change> = statements.flat_map(|checked| &checked.statement().changes).collect();
    let adds = changes.iter().filter(|change| matches!(change, Change::Add { address, .. } if address == who));
    adds.count() > 1 || changes.iter().any(|change| matches!(change, Change::Remove(address) if address == who))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::address;

    #[test]
    fn addresses_are_enough_for_the_largest_layout() {
        assert_eq!(World::strangers(*GROUP_LAYOUTS.last().unwrap(), 0).accounts(), 8);
        assert!(address(7).as_str().starts_with("heidi"));
    }
}
