//! How a schedule ends: what was broken is left alone, everybody is there, and says something now and then, until everybody
//! knows everything. Only former members who take nothing in go on as before.

use super::Scene;
use crate::{
    choices::Choices,
    device::{Device, Presence},
};
use cliquet_web_crypto::client::{
    conversation::GroupId,
    group::{Chain, GroupState, LEFT_OUT_MS},
};

/// Rounds of writing after which nobody lacks a statement any more.
const HEALING_ROUNDS: usize = 3;
/// Where envelopes were lost, sessions are replaced first, once a minute.
const HEALING_ROUNDS_ROUGH: usize = 6;
/// Longer than between two new sessions, and between two wishes for statements.
const PAUSE_MS: u64 = 61_000;
/// Longer than somebody is left out of a group's posts.
const LONG_PAUSE_MS: u64 = LEFT_OUT_MS + 1_000;

impl Scene {
    /// Returns how many texts were said before the last round.
    pub(super) fn come_to_rest(&mut self, choices: &mut Choices<'_>) -> usize {
        self.world.office.forge_bundle = false;
        for device in &mut self.world.devices {
            device.crash = None;
            if device.presence == Presence::Away {
                device.presence = Presence::There;
            }
        }
        let rounds = if self.conditions.rough { HEALING_ROUNDS_ROUGH } else { HEALING_ROUNDS };
        let mut before = self.said.len();
        for round in 0..rounds {
            self.world.settle();
            // Who takes nothing in changes nothing in the last round, or it would not be the last.
            self.go_on(round + 1 < rounds, choices);
            self.members_listen();
            before = self.said.len();
            for place in 0..self.world.devices.len() {
                // Whom a post did not reach, because keys were forged, is tried again.
                let is_after_trouble = self.conditions.rough && round == 0;
                self.world.devices[place].now += if is_after_trouble { LONG_PAUSE_MS } else { PAUSE_MS };
                self.world.replenish_pre_keys(place);
                for _ in 0..self.groups.len() {
                    self.join(place);
                }
                for group in self.groups.clone() {
                    self.say(place, group);
                }
            }
            self.world.settle();
        }
        before
    }

    fn go_on(&mut self, changes: bool, choices: &mut Choices<'_>) {
        for place in 0..self.world.devices.len() {
            if self.world.devices[place].presence != Presence::Deaf {
                continue;
            }
            for group in self.groups.clone() {
                self.replay(place, group, choices);
                if changes {
                    self.change(place, group, choices);
                }
            }
        }
        self.world.settle();
    }

    /// Those who are members after all take in what they missed.
    fn members_listen(&mut self) {
        let groups: Vec<Chain> = self.groups.iter().filter_map(|group| whole(self, *group, &|_| true)).collect();
        for device in self.world.devices.iter_mut().filter(|device| device.presence == Presence::Deaf) {
            let states = groups.iter().filter_map(Chain::state);
            if states.filter(|state| state.member(&device.address).is_some()).count() > 0 {
                device.presence = Presence::There;
            }
        }
        self.world.settle();
    }
}

/// Everything that those of the devices know of a group which take things in. What of it counts is what everybody finds who
/// knows all of it.
pub(super) fn whole(scene: &Scene, group: GroupId, of: &dyn Fn(&Device) -> bool) -> Option<Chain> {
    let there = scene.world.devices.iter().filter(|device| device.presence == Presence::There && of(device));
    let mut chains = there.filter_map(|device| device.messenger.chain(group));
    let mut whole = chains.next()?.clone();
    for chain in chains {
        for statement in chain.statements().into_iter().filter_map(|signed| chain.get(&signed.hash())) {
            whole.insert(statement.clone()).unwrap();
        }
    }
    Some(whole)
}

/// The same as a state.
pub(super) fn latest(whole: &Chain) -> &GroupState {
    whole.state().unwrap()
}
