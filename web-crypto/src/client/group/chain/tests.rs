//! What members do to a group, at once and in any order. Signatures are tried in `tests/crypto/cross_signing.rs`.

use super::{super::*, *};
use crate::client::group::statement::{CHANGES_MAX, STATEMENT_BYTES_MAX};
use crate::crypto::cbor;
use cliquet_wire::{account_key::AccountKey, bytes::Bytes, limits::GROUP_MEMBERS_MAX};
use minicbor::bytes::ByteVec;
use proptest::prelude::*;

mod former_members;

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).unwrap()
}

/// A key that only has the form of one.
fn key(name: &str) -> AccountKey {
    let mut modulus = [0x81; 384];
    modulus.iter_mut().skip(1).zip(name.bytes()).for_each(|(to, from)| *to = from);
    AccountKey::from_modulus(modulus).unwrap()
}

fn add(name: &str, role: Role) -> Change {
    Change::Add { address: address(name), key_hash: key(name).hash(), role, hands_over: None }
}

fn remove(name: &str) -> Change {
    Change::Remove(address(name))
}

fn role(name: &str, role: Role) -> Change {
    Change::SetRole { address: address(name), role }
}

fn name(text: &str) -> Change {
    Change::Name(text.into())
}

/// Signatures are tried elsewhere.
fn signed(statement: &Statement) -> SignedStatement {
    SignedStatement { statement: ByteVec::from(cbor::encode(statement).to_vec()), signature: Bytes([0; 384]) }
}

fn statement(author: &str, (version, previous): (u32, Digest), time: u64, changes: &[Change]) -> CheckedStatement {
    let author_key = key(author);
    let statement =
        Statement { previous, version, time, author: address(author), author_key, changes: changes.to_vec() };
    signed(&statement).kept().unwrap()
}

/// Alice's group, with these members.
fn begin(others: &[(&str, Role)]) -> Chain {
    let mut changes = vec![add("alice", Role::Admin), name("The bridge")];
    changes.extend(others.iter().map(|(name, role)| add(name, *role)));
    Chain::begin(statement("alice", (1, Bytes([9; 32])), 0, &changes)).unwrap()
}

/// After which statement another one is made.
fn end(chain: &Chain) -> (u32, Digest) {
    let state = chain.state().unwrap();
    (state.version() + 1, state.hash())
}

/// Adds a statement after the last one that counts.
fn say(chain: &mut Chain, author: &str, changes: &[Change]) -> Result<Digest, GroupError> {
    let next = statement(author, end(chain), 0, changes);
    let hash = next.hash();
    chain.insert(next).map(|_| hash)
}

fn members(chain: &Chain) -> Vec<String> {
    chain.state().unwrap().members().map(|(address, _)| address.as_str().replace("@example.org", "")).collect()
}

#[test]
fn what_members_do_is_what_the_group_is_then() {
    let mut chain = begin(&[("bob", Role::Member)]);
    assert_eq!(members(&chain), ["alice", "bob"]);
    say(&mut chain, "alice", &[add("carol", Role::Member), role("bob", Role::Admin), name("Two bridges")]).unwrap();
    say(&mut chain, "bob", &[remove("carol"), Change::Timer(Some(3_600))]).unwrap();
    say(&mut chain, "alice", &[remove("alice")]).unwrap();
    let state = chain.state().unwrap();
    assert_eq!((state.name(), state.timer(), state.version()), ("Two bridges", Some(3_600), 4));
    assert_eq!(members(&chain), ["bob"]);
    // Only Bob is left, and he may leave as well: then nobody says anything any more.
    say(&mut chain, "bob", &[remove("bob")]).unwrap();
    assert_eq!(members(&chain), [""; 0]);
    assert_eq!(say(&mut chain, "bob", &[add("bob", Role::Admin)]), Err(GroupError::NotAllowed));
    assert_eq!(chain.links().count(), 5);
}

/// Requirement: G1
#[test]
fn nobody_changes_what_they_may_not() {
    let mut chain = begin(&[("bob", Role::Member), ("carol", Role::Member)]);
    let open = Change::SetRight { right: GroupRight::Change, who: Who::Everyone };
    for changes in [
        vec![add("dave", Role::Member)],
        vec![remove("carol")],
        vec![role("bob", Role::Admin)],
        vec![name("Mine")],
        vec![Change::Description(Some("Mine".into()))],
        vec![Change::Picture(Some(Bytes([1; 32])))],
        vec![Change::Timer(Some(3_600))],
        vec![open.clone()],
        // Not even beside what he may do.
        vec![remove("bob"), remove("carol")],
    ] {
        assert_eq!(say(&mut chain, "bob", &changes), Err(GroupError::NotAllowed), "{changes:?}");
    }
    assert_eq!(say(&mut chain, "mallory", &[remove("bob")]), Err(GroupError::NotAllowed));
    // Who takes a right for everyone with one change does not use it in the same statement.
    let may_add = Change::SetRight { right: GroupRight::Add, who: Who::Everyone };
    say(&mut chain, "alice", &[open, may_add]).unwrap();
    say(&mut chain, "bob", &[name("Ours"), add("dave", Role::Member)]).unwrap();
    assert_eq!(say(&mut chain, "bob", &[add("erin", Role::Admin)]), Err(GroupError::NotAllowed));
    assert_eq!(members(&chain), ["alice", "bob", "carol", "dave"]);
    // Who was removed is nobody any more.
    say(&mut chain, "alice", &[remove("bob")]).unwrap();
    assert_eq!(say(&mut chain, "bob", &[name("Mine")]), Err(GroupError::NotAllowed));
}

/// Requirement: G1
#[test]
fn a_statement_under_another_key_or_about_another_group_does_not_count() {
    let mut chain = begin(&[("bob", Role::Admin)]);
    let (version, previous) = end(&chain);
    let statement_by = |author_key| {
        let changes = vec![name("Mine")];
        signed(&Statement { previous, version, time: 0, author: address("bob"), author_key, changes }).kept().unwrap()
    };
    assert_eq!(chain.insert(statement_by(key("mallory"))), Err(GroupError::NotSigned));
    assert_eq!(chain.insert(statement_by(key("bob"))), Ok(true));
    assert_eq!(chain.insert(statement_by(key("bob"))), Ok(false), "it is known");
    let other = statement("alice", (1, Bytes([8; 32])), 0, &[add("alice", Role::Admin)]);
    assert_ne!(other.group(), chain.group());
    assert_eq!(chain.insert(other), Err(GroupError::OtherGroup));
    let gap = statement("alice", (4, Bytes([7; 32])), 0, &[name("Later")]);
    assert_eq!(chain.insert(gap), Err(GroupError::Gap));
    let skips = statement("alice", (version + 2, end(&chain).1), 0, &[name("Later")]);
    assert_eq!(chain.insert(skips), Err(GroupError::Malformed));
}

/// Requirement: G6
#[test]
fn a_group_begins_with_its_founder_and_its_id_is_that_beginning() {
    for changes in [
        vec![add("bob", Role::Admin), add("alice", Role::Admin)],
        vec![add("alice", Role::Member)],
        vec![name("Nobody's")],
    ] {
        let first = statement("alice", (1, Bytes([9; 32])), 0, &changes);
        assert_eq!(Chain::begin(first).err(), Some(GroupError::NotAllowed), "{changes:?}");
    }
    let later = statement("alice", (2, Bytes([9; 32])), 0, &[add("alice", Role::Admin)]);
    assert_eq!(Chain::begin(later).err(), Some(GroupError::NotAllowed));
    let first = statement("alice", (1, Bytes([9; 32])), 0, &[add("alice", Role::Admin)]);
    assert_eq!(first.group().0[..], first.hash().0[..16]);
}

#[test]
fn a_change_that_changes_nothing_and_a_group_without_an_admin_are_refused() {
    let mut chain = begin(&[("bob", Role::Member)]);
    for changes in [
        vec![add("bob", Role::Admin)],
        vec![remove("carol")],
        vec![role("bob", Role::Member)],
        vec![role("carol", Role::Admin)],
        vec![name("The bridge")],
        vec![Change::Timer(None)],
        vec![Change::SetRight { right: GroupRight::Write, who: Who::Everyone }],
    ] {
        assert_eq!(say(&mut chain, "alice", &changes), Err(GroupError::NoChange), "{changes:?}");
    }
    assert_eq!(say(&mut chain, "alice", &[remove("alice")]), Err(GroupError::NoAdmin));
    assert_eq!(say(&mut chain, "alice", &[role("alice", Role::Member)]), Err(GroupError::NoAdmin));
    say(&mut chain, "alice", &[role("bob", Role::Admin), remove("alice")]).unwrap();
    assert_eq!(members(&chain), ["bob"]);
}

#[test]
fn fifty_members_are_a_group_and_fifty_one_are_none() {
    let mut chain = begin(&[]);
    let named = |number: usize| add(&format!("member{number}"), Role::Member);
    let all: Vec<Change> = (1..GROUP_MEMBERS_MAX).map(named).collect();
    say(&mut chain, "alice", &all).unwrap();
    assert_eq!(members(&chain).len(), GROUP_MEMBERS_MAX);
    assert_eq!(say(&mut chain, "alice", &[named(GROUP_MEMBERS_MAX)]), Err(GroupError::TooManyMembers));
    // One goes and another comes.
    say(&mut chain, "alice", &[named(GROUP_MEMBERS_MAX), remove("member1")]).unwrap();
}

#[test]
fn a_statement_at_its_limits_is_read_and_one_past_them_is_not() {
    use super::super::change::{GROUP_DESCRIPTION_BYTES_MAX, GROUP_NAME_BYTES_MAX};
    let read = |changes: Vec<Change>| {
        let (author, author_key) = (address("alice"), key("alice"));
        signed(&Statement { previous: Bytes([0; 32]), version: 2, time: 0, author, author_key, changes }).kept()
    };
    let long = |bytes| "a".repeat(bytes);
    for (at, past) in [
        (name(&long(GROUP_NAME_BYTES_MAX)), name(&long(GROUP_NAME_BYTES_MAX + 1))),
        (
            Change::Description(Some(long(GROUP_DESCRIPTION_BYTES_MAX))),
            Change::Description(Some(long(GROUP_DESCRIPTION_BYTES_MAX + 1))),
        ),
        (Change::Timer(Some(300)), Change::Timer(Some(299))),
        (name("The bridge"), name("The\u{202e}bridge")),
        (name("The bridge"), name(" ")),
        (name("The bridge"), name("The\nbridge")),
        (Change::Description(Some("Two\n\nlines".into())), Change::Description(Some("Two\n\n\nlines".into()))),
        (Change::Description(None), Change::Description(Some(String::new()))),
    ] {
        assert!(read(vec![at]).is_ok());
        assert_eq!(read(vec![past.clone()]), Err(GroupError::Malformed), "{past:?}");
    }
    assert!(read(vec![name("a"); CHANGES_MAX]).is_ok());
    assert_eq!(read(vec![name("a"); CHANGES_MAX + 1]), Err(GroupError::Malformed));
    assert_eq!(read(vec![]), Err(GroupError::Malformed));
    // The longest group there may be at its beginning.
    let longest = |number: usize| {
        let domain = format!("{}.{}.{}.example", "d".repeat(63), "d".repeat(63), "d".repeat(45));
        let address = Address::parse(&format!("{number:064}@{domain}")).unwrap();
        Change::Add { address, key_hash: Bytes([1; 32]), role: Role::Member, hands_over: None }
    };
    let mut changes: Vec<Change> = (0..GROUP_MEMBERS_MAX).map(longest).collect();
    changes.extend([name(&long(GROUP_NAME_BYTES_MAX)), Change::Description(Some(long(GROUP_DESCRIPTION_BYTES_MAX)))]);
    let whole = read(changes).unwrap();
    assert!(whole.signed().statement.len() <= STATEMENT_BYTES_MAX);
    let padded = [&whole.signed().statement[..], &vec![0; STATEMENT_BYTES_MAX]].concat();
    let padded = SignedStatement { statement: padded.into(), signature: Bytes([0; 384]) };
    assert_eq!(padded.kept(), Err(GroupError::Malformed));
}

/// Requirement: G2
#[test]
fn two_admins_who_remove_each_other_are_decided_the_same_everywhere() {
    let mut one = begin(&[("bob", Role::Admin), ("carol", Role::Member)]);
    let mut other = one.clone();
    let place = end(&one);
    let (alices, bobs) =
        (statement("alice", place, 0, &[remove("bob")]), statement("bob", place, 0, &[remove("alice")]));
    for (chain, order) in [(&mut one, [&alices, &bobs]), (&mut other, [&bobs, &alices])] {
        for statement in order {
            assert_eq!(chain.insert(statement.clone()), Ok(true));
        }
        // Alice was an admin first.
        assert_eq!(members(chain), ["alice", "carol"]);
        assert_eq!(chain.void_of(&address("bob")).count(), 1);
        assert_eq!(chain.void_of(&address("alice")).count(), 0);
    }
}

/// Requirement: G2
#[test]
fn who_was_removed_undoes_nothing_by_going_back() {
    for (removed, tries) in [("bob", remove("alice")), ("bob", name("Mine")), ("carol", remove("carol"))] {
        let mut chain = begin(&[("bob", Role::Admin), ("carol", Role::Member)]);
        let back = end(&chain);
        // One who is no more senior speaks first, and then who removes.
        say(&mut chain, "bob", &[name("Bob's")]).unwrap();
        say(&mut chain, "alice", &[remove(removed)]).unwrap();
        let before = members(&chain);
        // As often as they like, for a lower hash.
        for time in 0..20 {
            chain.insert(statement(removed, back, time, std::slice::from_ref(&tries))).unwrap();
        }
        assert_eq!(members(&chain), before, "{removed} {tries:?}");
        assert_eq!(chain.state().unwrap().name(), "Bob's");
    }
}

/// Requirement: G2
#[test]
fn the_founder_is_senior_to_every_admin() {
    let changes = [add("dave", Role::Admin), add("bob", Role::Admin), name("Dave's")];
    let mut chain = Chain::begin(statement("dave", (1, Bytes([9; 32])), 0, &changes)).unwrap();
    let place = end(&chain);
    for (author, time) in [("bob", 0), ("dave", 0), ("bob", 1)] {
        let other = if author == "bob" { "dave" } else { "bob" };
        chain.insert(statement(author, place, time, &[remove(other)])).unwrap();
    }
    assert_eq!(members(&chain), ["dave"]);
}

/// Requirement: G2
#[test]
fn what_an_admin_gave_up_is_not_taken_back_by_going_back() {
    let mut chain = begin(&[("bob", Role::Admin)]);
    let back = end(&chain);
    say(&mut chain, "alice", &[name("Bob's by now")]).unwrap();
    say(&mut chain, "alice", &[remove("alice")]).unwrap();
    say(&mut chain, "bob", &[name("Bob's")]).unwrap();
    for time in 0..20 {
        chain.insert(statement("alice", back, time, &[remove("bob")])).unwrap();
    }
    assert_eq!(members(&chain), ["bob"]);
    assert_eq!(chain.state().unwrap().name(), "Bob's");
}

#[test]
fn a_flood_of_statements_that_do_not_count_stops_nobody() {
    let mut chain = begin(&[("bob", Role::Member), ("carol", Role::Member)]);
    let back = end(&chain);
    say(&mut chain, "alice", &[remove("bob")]).unwrap();
    let mut taken = 0;
    for time in 0..=VOID_STATEMENTS_MAX as u64 {
        match chain.insert(statement("bob", back, time, &[remove("bob")])) {
            Ok(new) => taken += usize::from(new),
            Err(error) => assert_eq!(error, GroupError::TooLong),
        }
    }
    assert_eq!(taken, VOID_STATEMENTS_MAX);
    say(&mut chain, "alice", &[name("Quiet again")]).unwrap();
    assert_eq!(chain.state().unwrap().name(), "Quiet again");
    let restored = Chain::restore(chain.statements().into_iter().cloned()).unwrap();
    assert_eq!(restored.state(), chain.state());
}

/// Makes again what this author said in vain. Tells whether there was anything.
fn make_again(chain: &mut Chain, author: &str) -> bool {
    let changes = chain.void_changes(&address(author), |_| true);
    let is_any = !changes.is_empty();
    if is_any {
        say(chain, author, &changes).unwrap();
    }
    is_any
}

/// Requirement: G2
#[test]
fn what_nobody_else_decided_about_is_made_again_and_once() {
    let mut chain = begin(&[("bob", Role::Admin), ("carol", Role::Member)]);
    let back = end(&chain);
    say(&mut chain, "alice", &[name("Alice's"), role("carol", Role::Admin)]).unwrap();
    let changes = [
        name("Bob's"),
        add("dave", Role::Member),
        role("carol", Role::Admin),
        Change::Timer(Some(3_600)),
        remove("bob"),
    ];
    chain.insert(statement("bob", back, 0, &changes)).unwrap();
    assert_eq!((members(&chain).len(), chain.state().unwrap().timer()), (3, None));
    assert!(make_again(&mut chain, "bob"));
    let state = chain.state().unwrap();
    assert_eq!((state.name(), state.timer()), ("Alice's", Some(3_600)));
    assert_eq!(members(&chain), ["alice", "carol", "dave"]);
    // Whatever follows.
    say(&mut chain, "alice", &[Change::Timer(None), remove("dave"), add("bob", Role::Admin)]).unwrap();
    assert!(!make_again(&mut chain, "bob"));
}

#[test]
fn what_its_author_may_not_do_any_more_is_not_made_again() {
    let mut chain = begin(&[("bob", Role::Admin), ("carol", Role::Admin)]);
    let back = end(&chain);
    say(&mut chain, "alice", &[remove("bob"), role("carol", Role::Member)]).unwrap();
    for author in ["bob", "carol"] {
        chain.insert(statement(author, back, 0, &[remove("alice"), name("Mine")])).unwrap();
        assert!(!make_again(&mut chain, author), "{author}");
    }
    assert_eq!(members(&chain), ["alice", "carol"]);
}

#[test]
fn so_much_is_made_again_and_for_so_long_and_no_more() {
    use super::super::void::{MADE_AGAIN_MAX, MADE_AGAIN_VERSIONS_MAX};
    let mut chain = begin(&[("bob", Role::Admin)]);
    let describe = |number: usize| Change::Description(Some(format!("{number}")));
    let in_vain = |chain: &mut Chain, number: usize| {
        let back = end(chain);
        say(chain, "alice", &[name(&format!("name {number}"))]).unwrap();
        chain.insert(statement("bob", back, 0, &[describe(number)])).unwrap();
    };
    let void = |chain: &Chain| chain.void_changes(&address("bob"), |_| true);
    (0..MADE_AGAIN_MAX).for_each(|number| in_vain(&mut chain, number));
    assert_eq!(void(&chain), [describe(MADE_AGAIN_MAX - 1)]);
    in_vain(&mut chain, MADE_AGAIN_MAX);
    assert_eq!(void(&chain), []);

    let mut chain = begin(&[("bob", Role::Admin)]);
    in_vain(&mut chain, 0);
    for number in 1..MADE_AGAIN_VERSIONS_MAX as usize {
        say(&mut chain, "alice", &[name(&format!("name {number}"))]).unwrap();
    }
    assert_eq!(void(&chain), [describe(0)]);
    say(&mut chain, "alice", &[name("one more")]).unwrap();
    assert_eq!(void(&chain), []);
}

/// What somebody may try: who, after which of the statements there are, and what.
type Try = (usize, usize, u8, usize);

/// Makes a tree of statements, some of which are refused.
fn grow(tries: &[Try]) -> Vec<CheckedStatement> {
    let mut chain = begin(&[("bob", Role::Admin), ("carol", Role::Member)]);
    let mut all: Vec<CheckedStatement> = chain.links().map(|link| link.statement().clone()).collect();
    for (number, (author, after, what, of)) in tries.iter().enumerate() {
        let before = &all[after % all.len()];
        let place = (before.statement().version + 1, before.hash());
        let of = NAMES[of % NAMES.len()];
        let change = match what % 6 {
            0 => add(of, Role::Member),
            1 => remove(of),
            2 => role(of, Role::Admin),
            3 => role(of, Role::Member),
            4 => remove(NAMES[author % NAMES.len()]),
            _ => name(&format!("name {number}")),
        };
        let next = statement(NAMES[author % NAMES.len()], place, number as u64, &[change]);
        if chain.insert(next.clone()).is_ok() {
            all.push(next);
        }
    }
    all
}

proptest! {
    /// Everybody makes theirs again, each without knowing what the others make.
    #[test]
    fn making_again_ends(tries in prop::collection::vec((0..4_usize, 0..40_usize, 0..6_u8, 0..4_usize), 1..40)) {
        let mut chain = Chain::restore(grow(&tries).iter().map(|it| it.signed().clone())).unwrap();
        let mut rounds = 0;
        loop {
            let made = NAMES.map(|author| (author, chain.void_changes(&address(author), |_| true)));
            if made.iter().all(|(_, changes)| changes.is_empty()) {
                break;
            }
            let place = end(&chain);
            for (author, changes) in made.iter().filter(|(_, changes)| !changes.is_empty()) {
                // The statement of a less senior one may make it void at once.
                chain.insert(statement(author, place, 0, changes)).unwrap();
            }
            rounds += 1;
            prop_assert!(rounds <= NAMES.len() * tries.len());
        }
    }

    /// Requirements: G2, G4
    #[test]
    fn who_has_the_same_statements_has_the_same_group(
        tries in prop::collection::vec((0..4_usize, 0..40_usize, 0..6_u8, 0..4_usize), 1..40),
        order: u8,
    ) {
        let all = grow(&tries);
        let mut waiting: Vec<CheckedStatement> = all[1..].to_vec();
        let mut chain = Chain::begin(all[0].clone()).unwrap();
        waiting.sort_by_cached_key(|next| next.hash().0.map(|byte| byte ^ order));
        // In any order; what has no place yet comes again later.
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut gaps = Vec::new();
            for next in waiting {
                match chain.insert(next.clone()) {
                    Ok(new) => prop_assert!(new),
                    Err(error) => {
                        prop_assert_eq!(error, GroupError::Gap);
                        gaps.push(next);
                    }
                }
            }
            waiting = gaps;
            prop_assert!(waiting.len() < before);
        }
        let straight = Chain::restore(all.iter().map(|it| it.signed().clone())).unwrap();
        prop_assert_eq!(chain.state(), straight.state());
        let names = |chain: &Chain| chain.links().map(|link| link.statement().hash()).collect::<Vec<_>>();
        prop_assert_eq!(names(&chain), names(&straight));
        // Each statement follows the one before it.
        let states: Vec<&GroupState> = chain.links().map(Link::state).collect();
        prop_assert!(states.iter().enumerate().all(|(at, state)| state.version() as usize == at + 1));
        let kept = Chain::restore(chain.statements().into_iter().cloned()).unwrap();
        prop_assert_eq!(kept.state(), chain.state());
    }
}
