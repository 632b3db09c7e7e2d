//! Owns what must hold of groups when a schedule is over and everything has come to rest. *There* are all devices but those
//! that were cleared, and those of former members that take nothing in.
//!
//! - What is said in a group is sealed for those alone who are members as its author knows the group then (checked on the
//!   way), and no key and nonce seal twice.
//! - Every device of every member that is there has the same state of the group: that of all statements together. Where
//!   members blocked each other, those agree who are joined by others that did not, and that know the group; and a device
//!   knows nothing of the group whose account is blocked by those who would tell it, or that do not know of it any more,
//!   while all others are strangers to it.
//! - Those who are no members know it, where the server is honest, nothing was cleared, nobody blocked anybody, and everybody
//!   takes things in.
//! - A device shows the line of each statement that counts since its account was added, and of no other.
//! - No text is shown twice. No text of somebody whom its reader had blocked then is shown, and none that its author wrote
//!   after blocking the reader, unless a third person handed it over.
//! - A text is shown at every device of everybody who was a member as its author knew the group, if author and reader are
//!   members in the end, neither was ever removed or added twice, neither blocked the other, and it was not deleted. A
//!   hostile server can take away what it has: a text is missing only where the schedule took away an envelope of that text
//!   for that device, or the wish of that device to have it once more. Of a device that was cleared, what it had not
//!   posted, or could not post again, is gone; one that was removed is not heard by those who know it; and one that came
//!   later has what was posted for it.
//! - What members say in the end, when everything that was broken was left alone, is shown at every device of every member,
//!   whatever happened before, and at none of anybody else; and what former members say then is shown to no member.
//! - Devices of those who are members from the beginning to the end show the same of a text: its newest form, its deletion,
//!   the reactions of those who stayed, and where everybody stayed whether it is pinned. A device that an event was kept from
//!   is left out there.
//! - Where the server is honest and nothing was cleared, nothing is said not to open, and nothing that a member said waits
//!   for a statement.

use super::{
    Conditions, Counts, Said, Scene,
    acts::lines,
    rest::{latest, whole},
};
use crate::{
    device::{Device, Presence},
    world::{address, all_lines},
};
use cliquet_web_crypto::{
    client::{
        content::Content,
        conversation::{GroupId, Message, MessageBody, MessageId, Notice},
        group::{Chain, Change, CheckedStatement, Standing},
        peer::Trust,
        receive::UnknownContent,
        records::Store,
    },
    crypto::cbor,
};
use cliquet_wire::address::Address;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn of(scene: &Scene, at_rest: usize) -> Counts {
    let mut counts = Counts { schedules: 1, rough: u64::from(scene.conditions.rough), ..Counts::default() };
    for group in &scene.groups {
        if let Some(chain) = whole(scene, *group, &|_| true) {
            Verdict::on(scene, *group, chain).reach(at_rest, &mut counts);
        }
    }
    if !scene.conditions.rough && !scene.conditions.cleared {
        nothing_is_left(scene);
    }
    let (world, devices) = (&scene.world, &scene.world.devices);
    let count = |presence| devices.iter().filter(|device| device.presence == presence).count() as u64;
    counts.made_again = world.made_again as u64;
    (counts.cleared, counts.former) = (count(Presence::Gone), count(Presence::Deaf));
    counts.blocked = scene.blocked.len() as u64;
    counts.lost = (world.ledger.lost.len() + world.ledger.lost_events.len()) as u64;
    counts.sealed = world.pairs.len() as u64;
    counts
}

/// One group in the end.
struct Verdict<'a> {
    scene: &'a Scene,
    group: GroupId,
    chain: Chain,
    /// The places of the members' devices that are there.
    members: Vec<usize>,
    /// By account: was removed, or added twice, by whatever statement.
    wavered: BTreeSet<Address>,
    /// The members' accounts, divided into those who hear of each other.
    circles: Vec<BTreeSet<usize>>,
    lines: Vec<BTreeMap<MessageId, Vec<Message>>>,
}

impl<'a> Verdict<'a> {
    fn on(scene: &'a Scene, group: GroupId, chain: Chain) -> Self {
        let is_member = |device: &Device| latest(&chain).member(&device.address).is_some();
        let devices = scene.world.devices.iter().enumerate();
        let there = devices.filter(|(_, device)| device.presence == Presence::There && is_member(device));
        let members = there.map(|(place, _)| place).collect();
        let wavered = (0..scene.world.accounts()).map(address).filter(|who| wavered(&chain, who)).collect();
        let lines = scene.world.devices.iter().map(|device| {
            let mut by_id = BTreeMap::new();
            lines(device, group).for_each(|line| by_id.entry(line.id).or_insert_with(Vec::new).push(line));
            by_id
        });
        let mut verdict = Self { scene, group, members, wavered, circles: Vec::new(), lines: lines.collect(), chain };
        verdict.circles = verdict.circles();
        verdict
    }

    fn device(&self, place: usize) -> &Device {
        &self.scene.world.devices[place]
    }

    fn reach(&self, at_rest: usize, counts: &mut Counts) {
        let counted = self.chain.links().count() as u64;
        counts.statements += counted;
        counts.void += self.chain.statements().len() as u64 - counted;
        self.members_agree();
        self.former_members_know();
        let said = self.scene.said.iter().enumerate();
        for (number, text) in said.filter(|(_, text)| text.group == self.group) {
            for place in 0..self.scene.world.devices.len() {
                self.is_shown_as_it_should_be(number, text, place, number >= at_rest, counts);
            }
            self.devices_show_the_same(number, text);
        }
    }

    /// Whether one of the two accounts blocked the other, and how many texts had been said then.
    fn blocked(&self, one: usize, two: usize) -> Option<usize> {
        let blocked = |pair: (usize, usize)| self.scene.blocked.get(&pair).copied();
        blocked((one, two)).into_iter().chain(blocked((two, one))).min()
    }

    fn circles(&self) -> Vec<BTreeSet<usize>> {
        let mut left: BTreeSet<usize> = self.members.iter().map(|place| self.device(*place).account).collect();
        let mut circles = Vec::new();
        while let Some(first) = left.pop_first() {
            let (mut circle, mut reached) = (BTreeSet::from([first]), vec![first]);
            while let Some(account) = reached.pop() {
                if !self.tells(account) {
                    continue;
                }
                let next: Vec<usize> =
                    left.iter().copied().filter(|other| self.blocked(account, *other).is_none()).collect();
                left.retain(|other| !next.contains(other));
                circle.extend(&next);
                reached.extend(next);
            }
            circles.push(circle);
        }
        circles
    }

    /// Whether others hear of the group from this account: one of its devices knows it, or will.
    fn tells(&self, account: usize) -> bool {
        let mut own = self.members.iter().filter(|place| self.device(**place).account == account);
        own.any(|place| !self.is_out_of_reach(*place))
    }

    /// Where everybody can hear of everything.
    fn former_members_know(&self) {
        let Conditions { rough, cleared } = self.scene.conditions;
        let is_deaf = self.scene.world.devices.iter().any(|device| device.presence == Presence::Deaf);
        if rough || cleared || is_deaf || !self.scene.blocked.is_empty() {
            return;
        }
        for (place, device) in self.scene.world.devices.iter().enumerate() {
            let is_misled = device.messenger.is_in_group(self.group) && !self.members.contains(&place);
            assert!(!is_misled, "the person at {place} does not know that they are no member");
        }
    }

    fn members_agree(&self) {
        for circle in &self.circles {
            let known = whole(self.scene, self.group, &|device| circle.contains(&device.account));
            // Whom nobody could tell of the group does not know it.
            let Some(chain) = known else {
                let is_told_of = self.scene.blocked.is_empty() && !self.scene.conditions.cleared;
                assert!(!is_told_of, "no member knows the group");
                continue;
            };
            if self.scene.blocked.is_empty() {
                assert_eq!(latest(&chain).hash(), latest(&self.chain).hash(), "no member knows the newest statement");
            }
            let is_member = |device: &Device| latest(&chain).member(&device.address).is_some();
            for place in self.members.iter().filter(|place| circle.contains(&self.device(**place).account)) {
                let device = self.device(*place);
                if is_member(device) && !self.is_out_of_reach(*place) {
                    let state = device.messenger.group_state(self.group);
                    assert_eq!(state, Some(latest(&chain)), "the device at {place} has another state");
                    self.statements_are_shown(*place, &chain);
                }
            }
        }
    }

    /// Whether a device knows nothing of the group, and nobody who could be asked: who added its account blocked it or does
    /// not know of it any more, and all others are strangers to it.
    fn is_out_of_reach(&self, place: usize) -> bool {
        let device = self.device(place);
        // An account that added this one stops knowing of it only when a storage is cleared.
        let forgets = self.scene.conditions.cleared;
        let knows = |other: &Device| {
            other.messenger.group_state(self.group).is_some_and(|state| state.member(&device.address).is_some())
        };
        let is_asked = |other: &&usize| {
            let other = self.device(**other);
            let peer = device.messenger.peer(&other.address);
            other.id != device.id
                && is_at_home(other, self.group)
                && (!forgets || knows(other))
                && self.blocked(device.account, other.account).is_none()
                && peer.is_some_and(|peer| matches!(peer.trust, Trust::Added | Trust::Own | Trust::Member))
        };
        device.messenger.group_state(self.group).is_none() && self.members.iter().find(is_asked).is_none()
    }

    fn statements_are_shown(&self, place: usize, chain: &Chain) {
        let device = self.device(place);
        let line = |checked: &CheckedStatement| {
            let mut random = [0; 10];
            random.iter_mut().zip(checked.hash().0).for_each(|(to, from)| *to = from);
            MessageId::from_parts(checked.statement().time, random)
        };
        let counted: Vec<MessageId> = chain.links().map(|link| line(link.statement())).collect();
        let lines = self.lines[place].values().flatten();
        let shown: Vec<MessageId> =
            lines.filter(|line| matches!(line.body, MessageBody::Group(_))).map(|line| line.id).collect();
        assert!(shown.iter().all(|id| counted.contains(id)), "a statement that does not count is shown at {place}");
        if device.since.is_none() && !self.wavered.contains(&device.address) {
            let adds = |changes: &[Change]| {
                changes.iter().any(|one| matches!(one, Change::Add { address, .. } if *address == device.address))
            };
            let added = chain.links().position(|link| adds(&link.statement().statement().changes)).unwrap();
            for id in &counted[added..] {
                let times = shown.iter().filter(|other| *other == id).count();
                assert_eq!(times, 1, "a statement that counts is shown {times} times at {place}");
            }
        }
    }

    fn is_shown_as_it_should_be(&self, number: usize, text: &Said, place: usize, at_rest: bool, counts: &mut Counts) {
        let (author, device) = (self.device(text.author), self.device(place));
        let shown = self.lines[place].get(&text.id).map_or(0, Vec::len);
        assert!(shown <= 1, "{:?} is shown {shown} times at {place}", text.id);
        // What somebody was shown by a third person is that person's word. Only who blocked its author has nothing of it.
        let is_passed_on = self.lines[place].get(&text.id).is_some_and(|lines| lines[0].passed_on_by.is_some());
        counts.passed_on += u64::from(is_passed_on);
        let (is_own, is_read_by_member) = (author.account == device.account, self.members.contains(&place));
        if is_own && text.author == place {
            return;
        }
        let is_member = |who: &Address| latest(&self.chain).member(who).is_some();
        if let Some(since) = self.blocked(author.account, device.account) {
            let by_reader = self.scene.blocked.get(&(device.account, author.account));
            let by_reader = by_reader.is_some_and(|since| number >= *since);
            assert!(
                number < since || shown == 0 || is_passed_on && !by_reader,
                "{:?} is shown at {place} in spite of a block",
                text.id
            );
            return;
        }
        if at_rest
            && !is_own
            && self.scene.blocked.is_empty()
            && is_member(&author.address) != is_member(&device.address)
        {
            assert_eq!(shown, 0, "{:?} of {} passes the end of a membership at {place}", text.id, author.address);
        }
        let is_apart = self.is_out_of_reach(place) || self.is_out_of_reach(text.author);
        if !is_read_by_member || !is_member(&author.address) || self.scene.deleted.contains(&text.id) || is_apart {
            return;
        }
        let stayed = [&author.address, &device.address].iter().all(|who| !self.wavered.contains(who));
        let is_expected = if at_rest { is_at_home(author, self.group) } else { stayed };
        if is_expected && text.members.contains(&device.address) && !self.is_excused(text, place) {
            assert_eq!(shown, 1, "{:?} of {} is not shown at {place}", text.id, author.address);
            counts.shown += 1;
        }
    }

    /// Whether a text need not be at a device: a storage was cleared, or the schedule took it away.
    fn is_excused(&self, text: &Said, place: usize) -> bool {
        let (world, author, device) = (&self.scene.world, self.device(text.author), self.device(place));
        let is_taken = world.office.taken.contains(&(text.id, device.id));
        let is_closed = world.ledger.closed.contains(&(text.id, place));
        let is_cleared = author.presence == Presence::Gone;
        let is_removed = !world.office.directories[&author.address].device_list.devices.contains(&author.id);
        (is_cleared && (is_closed || !is_taken || is_removed))
            || (device.since.is_some() && !is_taken)
            || world.ledger.excuses(text.id, text.author, place)
    }

    fn devices_show_the_same(&self, number: usize, text: &Said) {
        let accounts = 0..self.scene.world.accounts();
        let is_steady = |who: &Address| {
            let account = accounts.clone().find(|account| address(*account) == *who).unwrap();
            let is_blocked = self.scene.blocked.keys().any(|(one, two)| *one == account || *two == account);
            !self.wavered.contains(who) && !is_blocked && latest(&self.chain).member(who).is_some()
        };
        if !is_steady(&self.device(text.author).address) {
            return;
        }
        let everybody_stayed = accounts
            .clone()
            .map(address)
            .all(|who| is_steady(&who) || !self.chain.links().any(|link| link.state().member(&who).is_some()));
        let mut first = None;
        for place in &self.members {
            let device = self.device(*place);
            let is_late = device.since.is_some_and(|since| since > number);
            let Conditions { rough, cleared } = self.scene.conditions;
            let is_lost = self.scene.world.ledger.lost_events.contains(&(text.id, *place));
            let is_kept_from = (rough || cleared) && is_lost;
            let Some(line) = self.lines[*place].get(&text.id).and_then(|lines| lines.first()) else { continue };
            // A member who reacts before hearing of a new member does not tell them.
            let is_founder =
                self.chain.links().next().is_some_and(|first| first.state().member(&device.address).is_some());
            if !is_steady(&device.address) || !is_founder || is_late || is_kept_from {
                continue;
            }
            let reactions = line.reactions().filter(|(sender, _)| is_steady(sender));
            let reactions: Vec<(String, String)> =
                reactions.map(|(sender, emoji)| (sender.to_string(), emoji.to_owned())).collect();
            let earlier: Vec<String> = line.earlier_texts().into_iter().map(|(_, text)| text.to_owned()).collect();
            let pinned = line.pinned_at().filter(|_| everybody_stayed);
            let shown = (line.is_deleted(), line.text().to_owned(), earlier, reactions, pinned);
            let others = first.get_or_insert_with(|| (*place, shown.clone()));
            assert_eq!(others.1, shown, "{:?} at {} and {place}", text.id, others.0);
        }
    }
}

/// Whether the person has joined and the group is known, and so what they say is sent.
fn is_at_home(device: &Device, group: GroupId) -> bool {
    let is_joined = device.messenger.group(group).is_some_and(|group| group.standing == Standing::Joined);
    is_joined && device.messenger.group_state(group).is_some()
}

/// Whether somebody was removed, or added by a statement that did not count: what was written around then they may lack, and
/// what they wrote may be refused.
fn wavered(whole: &Chain, who: &Address) -> bool {
    let statements = whole.statements().into_iter().filter_map(|signed| whole.get(&signed.hash()));
    let changes: Vec<&Change> = statements.flat_map(|checked| &checked.statement().changes).collect();
    let adds = changes.iter().filter(|change| matches!(change, Change::Add { address, .. } if address == who));
    adds.count() > 1 || changes.iter().any(|change| matches!(change, Change::Remove(address) if address == who))
}

fn nothing_is_left(scene: &Scene) {
    for device in scene.world.devices.iter().filter(|device| device.presence == Presence::There) {
        let closed = |line: &Message| line.body == MessageBody::Notice(Notice::CannotOpen);
        assert!(!all_lines(device).any(|line| closed(&line)), "something did not open");
        let kept = device.disk.0.iter().filter(|((store, _), _)| *store == Store::UnknownContents);
        for (_, value) in kept {
            let kept: UnknownContent = cbor::load(value).unwrap();
            let group = Content::decode(&kept.content).unwrap().group.unwrap().id;
            let state = device.messenger.group_state(group);
            let is_member = state.is_some_and(|state| state.member(&kept.sender).is_some());
            assert!(!is_member, "what a member says waits for a statement");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{GROUP_LAYOUTS, World};

    #[test]
    fn addresses_are_enough_for_the_largest_layout() {
        assert_eq!(GROUP_LAYOUTS.map(|layout| World::strangers(layout, 0).accounts()).into_iter().max(), Some(8));
        assert!(address(7).as_str().starts_with("heidi"));
    }
}
