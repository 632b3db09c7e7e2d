//! What members do in a group: make it, talk, and change it, as they may or as they may not.

use super::{GROUPS_MAX, Said, Scene};
use crate::{
    choices::Choices,
    device::{Device, Presence, now_or_never},
    signatures::Stamp,
    world::{World, all_lines},
};
use cliquet_web_crypto::client::{
    compose::{compose, delete, edit, pin, react, star},
    conversation::{ConversationId, DeliveryStatus, GroupId, Message},
    group::{Change, GroupRight, GroupState, Role, Standing, Who},
};
use cliquet_wire::address::Address;

/// The group on a device whose person is in it, as far as is known there.
pub(super) fn joined(device: &Device, group: GroupId) -> Option<&GroupState> {
    let is_joined = device.messenger.group(group).is_some_and(|group| group.standing == Standing::Joined);
    state(device, group).filter(|_| is_joined && device.presence != Presence::Gone)
}

fn state(device: &Device, group: GroupId) -> Option<&GroupState> {
    device.messenger.group_state(group).filter(|state| state.member(&device.address).is_some())
}

pub(super) fn lines(device: &Device, group: GroupId) -> impl Iterator<Item = Message> {
    let id = ConversationId::Group(group);
    all_lines(device).filter(move |line| line.conversation == id)
}

impl Scene {
    pub(super) fn make(&mut self, place: usize, choices: &mut Choices<'_>) {
        if self.groups.len() >= GROUPS_MAX || self.world.devices[place].presence == Presence::Gone {
            return;
        }
        let device = &self.world.devices[place];
        let others = device.messenger.contacts().map(|peer| (peer.address.clone(), peer.account_key.hash()));
        let add = |(address, key_hash)| Change::Add { address, key_hash, role: Role::Member, hands_over: None };
        let mut changes: Vec<Change> = others.map(add).filter(|_| choices.below(4) > 0).collect();
        changes.push(Change::Name(format!("group {}", self.groups.len())));
        let signer = Stamp::of(device.account as u8);
        let device = &mut self.world.devices[place];
        let made = device.messenger.create_group(changes, &signer, device.now, &mut device.rng);
        let (id, step) = now_or_never(made).unwrap();
        if device.take(step) {
            self.groups.push(id);
        } else if self.groups.is_empty() {
            self.make(place, choices);
        }
    }

    pub(super) fn say(&mut self, place: usize, group: GroupId) {
        let device = &mut self.world.devices[place];
        let Some(state) = joined(device, group) else { return };
        let members = state.members().map(|(address, _)| address.clone()).collect();
        device.now += 1;
        let text = format!("text {}", self.said.len());
        let id = ConversationId::Group(group);
        let newest = device.messenger.conversation(&id).map_or(0, |conversation| conversation.newest);
        let composed = compose(&device.address, &id, &text, None, device.now, newest, &mut device.rng).unwrap();
        device.disk.commit(&composed.changes);
        self.said.push(Said { id: composed.message.id, group, author: place, members });
    }

    /// Edits, deletes, stars, pins or reacts to something that is on this device. A device that lost a text does not get it
    /// again once it is deleted, so texts are deleted where nothing is lost.
    pub(super) fn amend(&mut self, place: usize, group: GroupId, choices: &mut Choices<'_>) {
        let device = &mut self.world.devices[place];
        let settled = |line: &Message| {
            !line.is_notice() && !matches!(line.status, DeliveryStatus::Waiting | DeliveryStatus::Failed(_))
        };
        let lines: Vec<Message> = lines(device, group).filter(settled).collect();
        if joined(device, group).is_none() || lines.is_empty() {
            return;
        }
        device.now += 1;
        let (line, now, rng) = (&lines[choices.below(lines.len())], device.now, &mut device.rng);
        let (what, number) = (choices.below(10), choices.below(4));
        let changes = match what {
            0..=2 => edit(line, &format!("edited {number}"), now, rng),
            3..=5 => react(line, [None, Some("👍"), Some("🎉"), Some("❤️")][number], now, rng),
            6 => star(line, number > 0, now, rng),
            7 => pin(line, number > 0, now, rng),
            8 if !self.conditions.rough && !self.conditions.cleared => {
                let changes = delete(line, true, now, rng);
                self.deleted.extend(changes.is_ok().then_some(line.id));
                changes
            }
            _ => return,
        };
        if let Ok(changes) = changes {
            device.disk.commit(&changes);
        }
    }

    /// Changes a group as its members may, or tries to as they may not.
    pub(super) fn change(&mut self, place: usize, group: GroupId, choices: &mut Choices<'_>) {
        let device = &self.world.devices[place];
        let Some(state) = state(device, group).filter(|_| device.presence != Presence::Gone) else { return };
        let members: Vec<Address> = state.members().map(|(address, _)| address.clone()).collect();
        let one = members[choices.below(members.len())].clone();
        let strangers = device.messenger.contacts().filter(|peer| state.member(&peer.address).is_none());
        let strangers: Vec<_> = strangers.map(|peer| (peer.address.clone(), peer.account_key.hash())).collect();
        let change = match choices.below(10) {
            0..=2 if !strangers.is_empty() => {
                let (address, key_hash) = strangers[choices.below(strangers.len())].clone();
                let role = [Role::Member, Role::Admin][choices.below(2)];
                Change::Add { address, key_hash, role, hands_over: [None, Some(3)][choices.below(2)] }
            }
            3 => Change::Remove(one.clone()),
            4..=5 => Change::SetRole { address: one.clone(), role: [Role::Admin, Role::Member][choices.below(2)] },
            6 => Change::SetRight {
                right: [GroupRight::Add, GroupRight::Change][choices.below(2)],
                who: [Who::Everyone, Who::Admins][choices.below(2)],
            },
            7 => Change::Description([None, Some(format!("about {}", choices.below(4)))][choices.below(2)].clone()),
            _ => Change::Name(format!("name {}", choices.below(8))),
        };
        let is_removal = matches!(&change, Change::Remove(address) if *address != device.address);
        let is_made = self.world.change(place, group, vec![change]);
        // Some who are removed do not want to know.
        if is_made && is_removal && choices.below(2) == 0 {
            self.grow_deaf(&one);
        }
    }

    /// Two admins who can reach each other remove each other at the same time.
    pub(super) fn duel(&mut self, group: GroupId) {
        let is_admin = |place: &usize| {
            let device = &self.world.devices[*place];
            joined(device, group).is_some_and(|state| state.is_admin(&device.address))
        };
        let admins: Vec<usize> = (0..self.world.devices.len()).filter(is_admin).collect();
        let Some((first, others)) = admins.split_first() else { return };
        let account = self.world.devices[*first].account;
        let Some(second) = others.iter().find(|place| self.world.devices[**place].account != account) else { return };
        for (place, other) in [(*first, *second), (*second, *first)] {
            let removed = self.world.devices[other].address.clone();
            self.world.change(place, group, vec![Change::Remove(removed)]);
        }
    }

    pub(super) fn join(&mut self, place: usize) {
        let device = &mut self.world.devices[place];
        let asked = device.messenger.groups().find(|group| group.standing == Standing::Asked).map(|group| group.id);
        if let Some(id) = asked {
            let step = device.messenger.join_group(id).unwrap();
            device.take(step);
        }
    }
}

impl World {
    /// Tells whether it is allowed, and durable.
    pub(crate) fn change(&mut self, place: usize, group: GroupId, changes: Vec<Change>) -> bool {
        let device = &mut self.devices[place];
        let signer = Stamp::of(device.account as u8);
        device.now += 1;
        let changed = now_or_never(device.messenger.change_group(group, changes, &signer, device.now));
        changed.is_ok_and(|step| device.take(step))
    }

    /// What a leading tab does with changes that do not count. Tells whether there were any.
    pub(crate) fn change_again(&mut self, place: usize) -> bool {
        let device = &self.devices[place];
        if matches!(device.presence, Presence::Away | Presence::Gone) {
            return false;
        }
        let void = |id| Some((id, device.messenger.void_changes(id))).filter(|(_, changes)| !changes.is_empty());
        let Some((group, changes)) = device.messenger.groups().find_map(|group| void(group.id)) else { return false };
        let (version, count) = (device.messenger.group_state(group).unwrap().version(), changes.len());
        if self.change(place, group, changes) {
            let now = self.devices[place].messenger.group_state(group).unwrap();
            assert_eq!(now.version(), version + 1, "what is made again counts where it is made");
            self.made_again += count;
        }
        true
    }
}
