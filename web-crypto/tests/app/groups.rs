//! What this account changed in a group at the same time as others is made again by the leading tab.

use crate::{
    safe::{Safe, first_safekeeping, keep},
    stage::{address, alices_signer, disk_of, messenger_of, person, play, signer},
};
use cliquet_web_crypto::client::{
    conversation::GroupId,
    group::{Change, Role},
    records::{Changes, Record, Store},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

const NOW: u64 = 1_800_000_000_000;

fn of_group(changes: Changes) -> Vec<Record> {
    let stores = [Store::Groups, Store::Statements, Store::Conversations];
    changes.puts.into_iter().filter(|put| stores.contains(&put.store)).collect()
}

/// Bob's group, in which Alice sets a timer while he names it, as her browser has it then.
async fn changed_at_once() -> (GroupId, Changes) {
    let (alice, bob) = (person("alice", 0).await, person("bob", 1).await);
    let key_hash = alice.directory.account_key.hash();
    let alice_too = Change::Add { address: address("alice"), key_hash, role: Role::Admin, hands_over: None };
    let (mut bobs, mut rng) = (messenger_of(&bob, []), ChaCha20Rng::seed_from_u64(1));
    let (id, step) = bobs.create_group(vec![alice_too], signer(1), NOW, &mut rng).await.unwrap();
    let mut records = of_group(step.changes.clone());
    bobs.apply(step).unwrap();
    let alices = messenger_of(&alice, records.clone());
    let timer = alices.change_group(id, vec![Change::Timer(Some(3_600))], signer(0), NOW).await.unwrap();
    let name = bobs.change_group(id, vec![Change::Name("Bob's".into())], signer(1), NOW).await.unwrap();
    records.extend(of_group(name.changes));
    records.extend(of_group(timer.changes));
    (id, Changes { puts: records, deletes: Vec::new() })
}

#[test]
fn what_does_not_count_is_made_again_once_by_a_browser_that_can_sign() {
    play(async {
        let (alice, (id, changes)) = (person("alice", 0).await, changed_at_once().await);
        let safe = Safe::of(&alice).await;
        let disk = disk_of(&alice);
        disk.put(&Changes { puts: vec![first_safekeeping()], deletes: Vec::new() });
        disk.put(&changes);
        let page = safe.open(disk).await;
        let group = async || {
            let state = page.engine.read(|messenger| messenger.group_state(id).cloned()).await.unwrap().unwrap();
            (state.version(), state.name().to_owned(), state.timer())
        };
        keep(&page).await.unwrap();
        assert_eq!(group().await, (2, "Bob's".to_owned(), None));
        page.tab.sign_with(alices_signer);
        for _ in 0..2 {
            keep(&page).await.unwrap();
            assert_eq!(group().await, (3, "Bob's".to_owned(), Some(3_600)));
        }
    });
}
