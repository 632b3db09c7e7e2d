//! What somebody must know to see that they are no member any more.

use super::*;

#[test]
fn who_left_needs_no_later_statement_but_those_that_decide_that_they_did() {
    let added = |chain: &mut Chain, back, time| {
        let added = statement("alice", back, time, &[add("carol", Role::Admin)]);
        let gave_up = statement("alice", (3, added.hash()), 0, &[remove("alice")]);
        let hash = added.hash();
        chain.insert(added).unwrap();
        chain.insert(gave_up).unwrap();
        hash
    };
    let mut chain = begin(&[("bob", Role::Member)]);
    let back = end(&chain);
    let counts = say(&mut chain, "alice", &[name("Alone")]).unwrap();
    say(&mut chain, "alice", &[remove("bob")]).unwrap();
    assert_eq!(chain.enough(3), 3);
    say(&mut chain, "alice", &[name("Nobody's")]).unwrap();
    say(&mut chain, "alice", &[remove("alice")]).unwrap();
    assert_eq!(chain.enough(3), 3, "there is no other branch");
    // Alice leaves on both, and the lower hash counts.
    let mut times = 0..;
    let (with_other, other) = times
        .find_map(|time| {
            let mut with_other = chain.clone();
            let other = added(&mut with_other, back, time);
            (counts < other).then_some((with_other, other))
        })
        .unwrap();
    assert!(!with_other.path.contains(&other));
    assert_eq!(with_other.enough(3), 5);
    let mut told = begin(&[("bob", Role::Member)]);
    let known = with_other.links.values().filter(|link| !with_other.path.contains(&link.checked.hash()));
    let mut known: Vec<&Link> = known.chain(with_other.links().take(4)).collect();
    known.sort_by_key(|link| link.state.version());
    for link in known.into_iter().filter(|link| link.state.version() > 1) {
        told.insert(link.checked.clone()).unwrap();
    }
    assert_eq!(members(&told), ["bob", "carol"], "without the last one the other branch counts");
    told.insert(with_other.links().last().unwrap().checked.clone()).unwrap();
    assert_eq!(members(&told), [""; 0]);
}
