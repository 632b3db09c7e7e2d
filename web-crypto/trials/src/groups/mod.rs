//! Owns schedules of groups: people make them, talk, and change them at the same time, while envelopes overtake each other,
//! answers are lost and power goes; devices are away for long, or do not want to hear that they were removed; admins remove
//! each other; somebody blocks a fellow member. In some schedules the server loses, alters and delays envelopes, and in
//! some a device's storage is cleared. What must come out of it is in [`verdict`].

mod acts;
mod people;
mod rest;
mod verdict;

use crate::{
    behaviours::{OVERTAKEN_MAX, alter, deliver, drop_one, jump, repeat},
    choices::Choices,
    delivery_tokens,
    device::{Crash, Presence},
    world::{GROUP_LAYOUTS, World},
};
use cliquet_web_crypto::client::conversation::{GroupId, MessageId};
use cliquet_wire::address::Address;
use std::collections::{BTreeMap, BTreeSet};

/// Things that happen in a schedule.
const STEPS: [usize; 6] = [16, 32, 48, 64, 96, 160];
/// Groups in a schedule.
const GROUPS_MAX: usize = 2;

/// What may happen beside what people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Conditions {
    /// The server drops, alters and holds back envelopes, and clocks jump.
    rough: bool,
    /// Storages are cleared.
    cleared: bool,
}

/// A text, and who was a member as its author knew the group then.
#[derive(Clone, Debug)]
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
    pub rough: u64,
    pub texts: u64,
    /// Texts that had to be at a device in the end, and were.
    pub shown: u64,
    /// Statements that count in the end, and those that do not.
    pub statements: u64,
    pub void: u64,
    /// Changes that were made again.
    pub made_again: u64,
    /// Storages that were cleared.
    pub cleared: u64,
    /// Devices of former members that went on in the end.
    pub former: u64,
    pub blocked: u64,
    /// Texts that somebody has by the hand of who added them.
    pub passed_on: u64,
    /// Texts and events that the schedule took away from a device.
    pub lost: u64,
    pub sealed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.schedules += more.schedules;
        self.rough += more.rough;
        self.texts += more.texts;
        self.shown += more.shown;
        self.statements += more.statements;
        self.void += more.void;
        self.made_again += more.made_again;
        self.cleared += more.cleared;
        self.former += more.former;
        self.blocked += more.blocked;
        self.passed_on += more.passed_on;
        self.lost += more.lost;
        self.sealed += more.sealed;
    }
}

/// A schedule while it is played.
struct Scene {
    world: World,
    conditions: Conditions,
    groups: Vec<GroupId>,
    said: Vec<Said>,
    deleted: BTreeSet<MessageId>,
    /// Who blocked whom, by account, and how many texts had been said then.
    blocked: BTreeMap<(usize, usize), usize>,
}

/// One schedule.
pub fn from_seed(seed: u64) -> Counts {
    let mut choices = Choices::seed(seed);
    let conditions = Conditions { rough: choices.below(3) == 0, cleared: choices.below(3) == 0 };
    let layout = GROUP_LAYOUTS[choices.below(GROUP_LAYOUTS.len())];
    let steps = STEPS[choices.below(STEPS.len())];
    if std::env::var_os("CLIQUET_SEED").is_some() {
        eprintln!("{conditions:?}, layout {layout}, {steps} steps");
    }
    let mut world = World::strangers(layout, seed);
    // Nobody but the first one knows all the others.
    for place in 0..world.devices.len() {
        let account = world.devices[place].account;
        let others = if account == 0 { 1..world.accounts() } else { 0..1 };
        others.for_each(|other| world.add_contact(place, other));
    }
    world.settle();
    (0..world.devices.len()).for_each(|place| world.keep_vault(place));
    let mut scene = Scene {
        world,
        conditions,
        groups: Vec::new(),
        said: Vec::new(),
        deleted: BTreeSet::new(),
        blocked: BTreeMap::new(),
    };
    scene.make(0, &mut choices);
    if choices.below(2) == 0 {
        scene.world.settle();
    }
    for _ in 0..steps {
        scene.one(&mut choices);
    }
    let texts = scene.said.len() as u64;
    let at_rest = scene.come_to_rest(&mut choices);
    Counts { texts, ..verdict::of(&scene, at_rest) }
}

/// The first device from this one on for which something waits.
fn with_mail(world: &World, place: usize) -> usize {
    let count = world.devices.len();
    let has_mail = |place: &usize| {
        let device = &world.devices[*place];
        let mailbox = world.office.mailboxes.get(&device.id);
        device.presence == Presence::There && mailbox.is_some_and(|mailbox| !mailbox.waiting.is_empty())
    };
    (0..count).map(|step| (place + step) % count).find(has_mail).unwrap_or(place)
}

impl Scene {
    fn one(&mut self, choices: &mut Choices<'_>) {
        let Conditions { rough, cleared } = self.conditions;
        let place = choices.below(self.world.devices.len());
        let group = self.groups[choices.below(self.groups.len())];
        let world = &mut self.world;
        match choices.below(50) {
            0..=4 => self.say(self.member(place, group), group),
            5..=6 => self.amend(self.member(place, group), group, choices),
            7..=10 => self.change(self.member(place, group), group, choices),
            11 => self.make(place, choices),
            12 => self.join(place),
            13..=17 => {
                world.encrypt(place);
            }
            18..=20 => {
                world.post(place, false);
            }
            21 => {
                world.post(place, true);
            }
            22 => world.devices[place].reload(),
            23 => {
                let when = [Crash::BeforeCommit, Crash::AfterCommit][choices.below(2)];
                world.devices[place].crash = Some((choices.below(4), when));
            }
            24 => repeat(world, place, choices),
            25 => delivery_tokens::tend(world, place, false),
            26..=29 => {
                world.turn(place);
            }
            30 => self.duel(group),
            31..=32 => self.leave_or_return(place, choices),
            33 if choices.below(4) == 0 => self.block(place, group, choices),
            34..=35 => self.replay(place, group, choices),
            36..=39 if rough => drop_one(world, with_mail(world, place), choices),
            40..=41 if rough => alter(world, with_mail(world, place), choices),
            42 if rough => self.trouble(place, choices),
            43 if cleared && choices.below(2) == 0 => self.world.clear(place, self.said.len(), choices.below(2) == 0),
            43 if cleared => world.keep_vault(place),
            _ => deliver(world, with_mail(world, place), if rough { usize::MAX } else { OVERTAKEN_MAX }, choices),
        }
    }

    /// The first device from this one on that knows that it is in the group.
    fn member(&self, place: usize, group: GroupId) -> usize {
        let devices = &self.world.devices;
        let after = (0..devices.len()).map(|step| (place + step) % devices.len());
        after.into_iter().find(|place| acts::joined(&devices[*place], group).is_some()).unwrap_or(place)
    }

    /// What a server, a clock or an empty stock does.
    fn trouble(&mut self, place: usize, choices: &mut Choices<'_>) {
        let world = &mut self.world;
        match choices.below(4) {
            0 => world.office.forge_bundle = true,
            1 => jump(world, place, choices),
            2 => {
                let id = world.devices[place].id;
                world.office.pre_keys.get_mut(&id).unwrap().one_time.clear();
            }
            // Nothing of what waited for so long is left.
            _ if world.devices[place].presence == Presence::Away => {
                let id = world.devices[place].id;
                for letter in std::mem::take(&mut world.office.mailbox(id).waiting) {
                    crate::behaviours::destroy(world, place, &letter);
                }
            }
            _ => drop_one(world, place, choices),
        }
    }
}
