//! A vault that was altered where it is kept, and a device that knows the last good one.

use crate::{
    safe::{Safe, alarms, keep, owner, say},
    stage::{Page, Person, person, play},
};
use cliquet_web_crypto::{
    browser::app::{alarm::Alarm, error::AppError},
    client::safekeeping::Safekeeping,
    crypto::vault::{self, VaultBody},
};
use cliquet_wire::{bytes::Blob, vault::head};
use std::rc::Rc;

/// A tab that has kept one text, without an alarm.
pub(crate) async fn kept() -> (Rc<Safe>, Person, Page) {
    let alice = person("alice", 0).await;
    let safe = Safe::of(&alice).await;
    let page = safe.enter(&alice, false).await;
    say(&page, 1).await;
    keep(&page).await.unwrap();
    assert_eq!(alarms(&page), []);
    (safe, alice, page)
}

async fn body(safe: &Safe, alice: &Person, page: &Page) -> VaultBody {
    let keys = Safekeeping::of(page.engine.store()).await.unwrap().unwrap();
    vault::open(owner(alice), &keys.body, 0, &safe.vault()).unwrap().body
}

fn altered(vault: &Blob) -> Blob {
    let mut altered = vault.clone();
    *altered.0.last_mut().unwrap() ^= 1;
    altered
}

/// Findings: a stolen sign-in destroyed an account; alarms were not heard.
#[test]
fn an_altered_vault_is_said_and_the_last_good_one_put_back() {
    play(async {
        let (safe, alice, page) = kept().await;
        let (before, good) = (body(&safe, &alice, &page).await, safe.vault());
        let older = {
            let first = Safe::of(&alice).await;
            first.vault()
        };
        for bad in [altered(&good), older] {
            assert_eq!(head(&bad), head(&good));
            safe.set_vault(bad);
            keep(&page).await.unwrap();
            assert_eq!(alarms(&page), [Alarm::VaultPutBack]);
            let after = body(&safe, &alice, &page).await;
            assert!(after.generation > before.generation);
            assert_eq!(after, VaultBody { generation: after.generation, ..before.clone() });
            keep(&page).await.unwrap();
            assert_eq!(alarms(&page), []);
        }
        // What was kept is there, and more is kept.
        say(&page, 2).await;
        keep(&page).await.unwrap();
        assert_eq!(safe.segments(), 2);
    });
}

#[test]
fn a_vault_with_other_locks_is_said_and_not_replaced() {
    play(async {
        let (safe, _, page) = kept().await;
        let mut other = safe.vault();
        // A byte of the password's lock.
        other.0[40] ^= 1;
        safe.set_vault(other.clone());
        say(&page, 2).await;
        assert_eq!(keep(&page).await, Err(AppError::Alarm(Alarm::VaultLocked)));
        assert_eq!((safe.vault() == other, safe.segments()), (true, 1));
        safe.set_vault(Blob(b"rubbish".to_vec()));
        assert_eq!(keep(&page).await, Err(AppError::Alarm(Alarm::VaultAltered)));
        assert_eq!(safe.segments(), 1);
    });
}
