//! The delivery token: made once there is a contact, kept in the vault, and set at the server, by one device or two.

use crate::{
    fake::{Reply, START_MS},
    safe::{Safe, owner},
    stage::{Page, Person, address, after_ms, another_device, person, play},
};
use cliquet_web_crypto::{
    browser::{
        app::{
            command::Command,
            delivery_token::UNKNOWN_TOKEN_MS,
            upkeep::{PAUSE_MS, RETRY_MS},
        },
        platform::error::HttpError,
    },
    client::{delivery_token::AccountToken, peer::Trust, safekeeping::Safekeeping},
    crypto::vault::{self, VaultBody},
};
use cliquet_wire::{
    bytes::{Bytes, Digest},
    delivery_token::DeliveryToken,
    envelope::{MessagesSent, SendMessages},
    poll::{Delivery, PollAnswer},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::{ops::Range, rc::Rc};

const UNKNOWN: Digest = Bytes([9; 32]);

async fn own(page: &Page) -> Option<DeliveryToken> {
    page.engine.read(|messenger| messenger.delivery_token()).await.unwrap()
}

async fn hash(page: &Page) -> Option<Digest> {
    own(page).await.map(|token| token.hash())
}

async fn body(safe: &Safe, alice: &Person, page: &Page) -> VaultBody {
    let keys = Safekeeping::of(page.engine.store()).await.unwrap().unwrap();
    vault::open(owner(alice), &keys.body, 0, &safe.vault()).unwrap().body
}

/// Long enough for what was found to be kept.
async fn a_while() {
    after_ms(2 * u64::from(PAUSE_MS)).await;
}

/// Alice's computer and laptop, which have greeted each other.
async fn two_devices() -> (Rc<Safe>, Person, [Page; 2]) {
    let computer = person("alice", 0).await;
    let laptop = another_device(&computer, 0).await;
    let safe = Safe::with_password(&[&computer, &laptop]).await;
    let directory = laptop.directory.clone();
    let [computer, laptop] = [computer, laptop].map(|device| device.with_directory(&directory));
    let pages = [safe.enter(&computer, false).await, safe.enter(&laptop, false).await];
    (safe, computer, pages)
}

/// What each posted since `seen` is brought to the other. Says how often the pages have posted by now.
async fn bring(pages: &[Page; 2], seen: [usize; 2], cursor: u64) -> [usize; 2] {
    let now = [0, 1].map(|place: usize| pages[place].tab.posted().len());
    for (from, to) in [(0, 1), (1, 0)] {
        let posts = pages[from].tab.posted().split_off(seen[from]);
        let envelopes = posts.iter().flat_map(|post| {
            let SendMessages { envelopes, .. } = serde_json::from_str(&post.body).unwrap();
            envelopes
        });
        let device = pages[to].engine.device();
        let arrived = envelopes.filter(|envelope| envelope.receiver_device == device).zip(cursor..);
        let deliveries = arrived.map(|(mut envelope, cursor)| {
            envelope.timestamp = START_MS;
            Delivery::of(cursor, envelope)
        });
        let answer = PollAnswer { deliveries: deliveries.collect(), ..PollAnswer::default() };
        pages[to].tab.answer_polls([Reply::After(1, Ok(serde_json::to_string(&answer).unwrap()))]);
        pages[to].leader.returned();
    }
    a_while().await;
    now
}

/// The same, time after time. `rounds`: none of which was before.
async fn bring_all(pages: &[Page; 2], mut seen: [usize; 2], rounds: Range<u64>) -> [usize; 2] {
    for round in rounds {
        seen = bring(pages, seen, round * 1_000).await;
    }
    seen
}

fn take_posts(page: &Page) {
    let sent = serde_json::to_string(&MessagesSent { timestamp: START_MS }).unwrap();
    page.tab.answer_posts((0..20).map(|_| Reply::After(1, Ok(sent.clone()))));
}

/// Another token for each device.
fn seeded(page: &Page) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([page.engine.device().0.as_bytes()[15]; 32])
}

#[test]
fn one_is_made_once_there_is_a_contact_and_is_in_the_vault_before_it_counts() {
    play(async {
        let alice = person("alice", 0).await;
        let safe = Safe::of(&alice).await;
        let page = safe.enter(&alice, false).await;
        assert_eq!((own(&page).await, safe.delivery_token()), (None, None));
        a_while().await;
        let token = own(&page).await.unwrap();
        assert_eq!(safe.delivery_token(), Some(token.hash()));
        assert_eq!(body(&safe, &alice, &page).await.delivery_token.as_ref().unwrap().token, token);
        let next = safe.open(page.tab.disk().clone()).await;
        page.tab.close();
        a_while().await;
        assert_eq!(own(&next).await, Some(token), "made again");
    });
}

#[test]
fn one_that_could_not_be_set_is_set_later() {
    play(async {
        let alice = person("alice", 0).await;
        let safe = Safe::of(&alice).await;
        let page = safe.enter(&alice, false).await;
        page.tab.answer_requests(|_, _| Err(HttpError::Offline));
        a_while().await;
        assert_eq!(safe.delivery_token(), None);
        safe.serve(&page.tab);
        after_ms(RETRY_MS.into()).await;
        assert!(safe.delivery_token().is_some());
        assert_eq!(safe.delivery_token(), hash(&page).await);
    });
}

/// Requirement: G13
#[test]
fn who_is_blocked_costs_the_account_a_new_one() {
    play(async {
        let alice = person("alice", 0).await;
        let safe = Safe::of(&alice).await;
        let page = safe.enter(&alice, false).await;
        a_while().await;
        let before = safe.delivery_token().unwrap();
        page.engine.ask(Command::Block(address("bob")));
        after_ms(10).await;
        assert_eq!(own(&page).await, None);
        a_while().await;
        let after = safe.delivery_token().unwrap();
        assert_ne!(after, before);
        assert_eq!(hash(&page).await, Some(after));
        let body = body(&safe, &alice, &page).await;
        assert_eq!(body.delivery_token.as_ref().unwrap().decided, 2);
    });
}

#[test]
fn one_that_is_not_known_here_has_its_time_and_is_replaced_after_it() {
    play(async {
        let alice = person("alice", 0).await;
        let safe = Safe::of(&alice).await;
        safe.set_delivery_token(Some(UNKNOWN));
        let page = safe.enter(&alice, false).await;
        a_while().await;
        assert!(own(&page).await.is_some());
        after_ms(UNKNOWN_TOKEN_MS - 3 * u64::from(PAUSE_MS)).await;
        assert_eq!(safe.delivery_token(), Some(UNKNOWN), "the device that made it had no time to say so");
        after_ms(3 * u64::from(PAUSE_MS)).await;
        assert_eq!(safe.delivery_token(), hash(&page).await);
    });
}

#[test]
fn one_that_is_not_known_here_and_comes_to_be_in_the_vault_stays() {
    play(async {
        let alice = person("alice", 0).await;
        let safe = Safe::of(&alice).await;
        let other = AccountToken { token: DeliveryToken(Bytes([7; 16])), decided: 2 };
        safe.set_delivery_token(Some(other.token.hash()));
        let page = safe.enter(&alice, false).await;
        a_while().await;
        assert_ne!(own(&page).await, Some(other.token.clone()));
        let keys = Safekeeping::of(page.engine.store()).await.unwrap().unwrap();
        let body = VaultBody { delivery_token: Some(other.clone()), ..body(&safe, &alice, &page).await };
        let vault = vault::replace_body(owner(&alice), &keys.body, &body, &safe.vault(), &mut seeded(&page));
        safe.set_vault(vault.unwrap());
        after_ms(UNKNOWN_TOKEN_MS + u64::from(PAUSE_MS)).await;
        assert_eq!(own(&page).await, Some(other.token.clone()));
        assert_eq!(safe.delivery_token(), Some(other.token.hash()));
    });
}

#[test]
fn a_server_that_lost_it_gets_it_again_when_it_says_so() {
    play(async {
        let alice = person("alice", 0).await;
        let safe = Safe::of(&alice).await;
        let page = safe.enter(&alice, false).await;
        a_while().await;
        safe.set_delivery_token(None);
        page.engine.ask(Command::Block(address("bob")));
        a_while().await;
        assert_eq!(safe.delivery_token(), hash(&page).await);
        assert!(safe.delivery_token().is_some());
    });
}

/// Requirement: G13
#[test]
fn a_device_that_hears_of_a_new_one_learns_first_who_was_blocked() {
    play(async {
        let (safe, _, pages) = two_devices().await;
        pages.iter().for_each(take_posts);
        let seen = bring_all(&pages, [0, 0], 1..6).await;
        assert_eq!([own(&pages[0]).await, own(&pages[1]).await].map(|it| it.is_some()), [true, true]);
        let before = safe.delivery_token();
        assert_eq!([hash(&pages[0]).await, hash(&pages[1]).await], [before, before]);
        pages[0].engine.ask(Command::Block(address("bob")));
        a_while().await;
        let trust = async || pages[1].engine.read(|it| it.peer(&address("bob")).unwrap().trust).await.unwrap();
        assert_eq!(trust().await, Trust::Added, "nothing told it");
        bring_all(&pages, seen, 6..9).await;
        let after = safe.delivery_token();
        assert_ne!(after, before);
        assert_eq!([hash(&pages[0]).await, hash(&pages[1]).await], [after, after]);
        assert_eq!(trust().await, Trust::Blocked);
    });
}

#[test]
fn two_devices_that_make_one_at_once_end_with_the_same_and_the_server_has_it() {
    play(async {
        let (safe, alice, pages) = two_devices().await;
        // Both have found that there is none before either has kept its own.
        for page in &pages {
            take_posts(page);
            let made = page.engine.run(async |it| Ok(Some(it.make_delivery_token(&mut seeded(page)))));
            made.await.unwrap();
        }
        assert_ne!(own(&pages[0]).await, own(&pages[1]).await);
        let seen = bring_all(&pages, [0, 0], 1..8).await;
        after_ms(UNKNOWN_TOKEN_MS).await;
        bring_all(&pages, seen, 8..12).await;
        let [one, other] = [own(&pages[0]).await, own(&pages[1]).await];
        assert!(one.is_some());
        assert_eq!(one, other);
        assert_eq!(safe.delivery_token(), one.as_ref().map(DeliveryToken::hash));
        let of_vault = body(&safe, &alice, &pages[0]).await.delivery_token.as_ref().map(|it| it.token.clone());
        assert_eq!(of_vault, one);
    });
}
