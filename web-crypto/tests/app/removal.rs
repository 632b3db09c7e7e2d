//! A device that was removed, the devices that stay, and a new one.

use crate::{
    account::{Account, PASSWORD, signing_key},
    fake::Reply,
    safe::{Safe, alarms, keep, owner, say},
    stage::{Page, Person, after_ms, another_device, device_after, person, play},
};
use cliquet_web_crypto::{
    browser::app::{
        account::{AccountError, Password, remove_device::remove_device},
        alarm::Alarm,
        error::AppError,
        history_check::check,
    },
    client::{records::Store, safekeeping::Safekeeping, vault_keys::MadeKeys},
    crypto::vault::{self, VaultKeys},
};
use cliquet_wire::{
    envelope::{MessagesSent, SendMessages},
    ids::DeviceId,
    poll::{Delivery, PollAnswer},
};
use std::rc::Rc;

/// Alice's computer, her tablet and her phone. Each has kept one text.
struct House {
    safe: Rc<Safe>,
    people: [Person; 3],
    computer: Page,
    tablet: Page,
    phone: Page,
}

impl House {
    async fn build() -> Self {
        let computer = person("alice", 0).await;
        let tablet = another_device(&computer, 0).await;
        let phone = device_after(&tablet, 0, 2).await;
        let safe = Safe::with_password(&[&computer, &tablet, &phone]).await;
        let directory = phone.directory.clone();
        let people = [computer, tablet, phone].map(|device| device.with_directory(&directory));
        let [computer, tablet, phone] = [0, 1, 2].map(|place| safe.enter(&people[place], false));
        let (computer, tablet, phone) = (computer.await, tablet.await, phone.await);
        computer.tab.sign_with(|| signing_key(0));
        let house = Self { safe, people, computer, tablet, phone };
        // Each greets the account's other devices.
        house.posts_of(&house.computer).await;
        house.posts_of(&house.tablet).await;
        house.posts_of(&house.phone).await;
        for (number, page) in [&house.computer, &house.tablet, &house.phone].into_iter().enumerate() {
            say(page, u8::try_from(number).unwrap()).await;
            keep(page).await.unwrap();
        }
        assert_eq!(house.safe.segments(), 3);
        house
    }

    /// The computer removes the phone.
    async fn remove_phone(&self, typed: &str) -> Result<(), AccountError> {
        let (engine, account) = (&self.computer.engine, Account(self.computer.tab.clone()));
        let password = Password::given(typed).unwrap();
        remove_device(engine, &account, self.phone.engine.device(), &password, &|_| {}).await
    }

    /// What the computer posts from now on, until it comes to rest, by the device that it is for.
    async fn posts(&self) -> Vec<(DeviceId, Delivery)> {
        self.posts_of(&self.computer).await
    }

    async fn posts_of(&self, page: &Page) -> Vec<(DeviceId, Delivery)> {
        let before = page.tab.posted().len();
        let sent = serde_json::to_string(&MessagesSent { timestamp: 1_800_000_000_000 }).unwrap();
        page.tab.answer_posts((0..4).map(|_| Reply::After(1, Ok(sent.clone()))));
        after_ms(60_000).await;
        let posted = page.tab.posted().split_off(before);
        let envelopes = posted.iter().flat_map(|post| {
            let SendMessages { envelopes, .. } = serde_json::from_str(&post.body).unwrap();
            envelopes
        });
        let numbered = envelopes.enumerate();
        numbered.map(|(at, envelope)| (envelope.receiver_device, Delivery::of(at as u64 + 1, envelope))).collect()
    }
}

/// What comes to this device is delivered.
async fn deliver(page: &Page, all: &[(DeviceId, Delivery)]) {
    let mine = all.iter().filter(|(device, _)| *device == page.engine.device());
    let answer = PollAnswer { deliveries: mine.map(|(_, delivery)| delivery.clone()).collect(), ephemeral: vec![] };
    assert!(!answer.deliveries.is_empty(), "nothing was posted");
    page.tab.answer_polls([Reply::After(1, Ok(serde_json::to_string(&answer).unwrap()))]);
    page.leader.returned();
    after_ms(120_000).await;
}

/// How many texts this browser has.
fn texts(page: &Page) -> usize {
    page.tab.disk().count_of(Store::Messages)
}

/// Finding: a removed device kept the keys of vault and history.
#[test]
fn a_removed_device_opens_nothing_that_was_kept_after_its_removal() {
    play(async {
        let house = House::build().await;
        let phone = Safekeeping::of(house.phone.engine.store()).await.unwrap().unwrap();
        let before = house.safe.vault();
        house.remove_phone(PASSWORD).await.unwrap();
        let told = MadeKeys::of(house.computer.engine.store()).await.unwrap().unwrap().devices;
        assert_eq!(told, [house.tablet.engine.device()], "who gets the new keys");
        house.posts().await;
        assert_eq!(house.safe.devices(), [house.computer.engine.device(), house.tablet.engine.device()]);
        say(&house.computer, 7).await;
        keep(&house.computer).await.unwrap();
        assert_eq!(house.safe.segments(), 4);

        // The server shows it everything.
        let owner = owner(&house.people[0]);
        assert!(vault::open(owner, &phone.body, 0, &before).is_ok());
        assert!(vault::open(owner, &phone.body, 0, &house.safe.vault()).is_err());
        house.phone.told();
        assert_eq!(check(&house.phone.engine, true).await.err(), Some(AppError::Alarm(Alarm::VaultLocked)));
        let opened = house.safe.opened_with(&owner, &phone);
        assert_eq!(opened, [true, true, true, false], "what was kept before it read before");
        // It keeps nothing either, and changes nothing.
        let vault = house.safe.vault();
        say(&house.phone, 8).await;
        assert_eq!(keep(&house.phone).await, Err(AppError::Alarm(Alarm::VaultLocked)));
        assert_eq!((house.safe.segments(), house.safe.vault() == vault), (4, true));
    });
}

#[test]
fn the_device_that_stays_is_told_and_goes_on_and_a_new_one_reads_what_was_before_and_after() {
    play(async {
        let house = House::build().await;
        house.remove_phone(PASSWORD).await.unwrap();
        let posted = house.posts().await;
        let tablet_before = Safekeeping::of(house.tablet.engine.store()).await.unwrap().unwrap();
        deliver(&house.tablet, &posted).await;
        say(&house.tablet, 7).await;
        say(&house.computer, 8).await;
        keep(&house.tablet).await.unwrap();
        keep(&house.computer).await.unwrap();
        assert_eq!((alarms(&house.tablet), alarms(&house.computer)), (vec![], vec![]));
        let [tablet, computer] = [&house.tablet, &house.computer].map(|page| Safekeeping::of(page.engine.store()));
        let (tablet, computer) = (tablet.await.unwrap().unwrap(), computer.await.unwrap().unwrap());
        assert_eq!((&tablet.body, &tablet.history), (&computer.body, &computer.history));
        assert_ne!((&tablet.body, &tablet.history), (&tablet_before.body, &tablet_before.history));
        for page in [&house.tablet, &house.computer] {
            let checked = check(&page.engine, true).await.unwrap();
            assert_eq!((checked.texts, checked.closed, checked.missing), (5, 0, 0));
        }
        // The password gives the keys of the vault as it is.
        let owner = owner(&house.people[0]);
        let root = vault::root_by_password(owner, &house.safe.export_key(), &house.safe.vault()).unwrap();
        let fresh = house.safe.enter_with(&house.people[0], &VaultKeys::derive(&root), true).await;
        assert_eq!((texts(&fresh), alarms(&fresh)), (5, vec![]));
    });
}

#[test]
fn a_device_that_was_not_told_says_so_and_keeps_nothing_until_it_is() {
    play(async {
        let house = House::build().await;
        house.remove_phone(PASSWORD).await.unwrap();
        let posted = house.posts().await;
        let vault = house.safe.vault();
        say(&house.tablet, 7).await;
        assert_eq!(keep(&house.tablet).await, Err(AppError::Alarm(Alarm::VaultLocked)));
        assert_eq!((house.safe.segments(), house.safe.vault() == vault), (3, true));
        deliver(&house.tablet, &posted).await;
        keep(&house.tablet).await.unwrap();
        assert_eq!(house.safe.segments(), 4);
    });
}

#[test]
fn with_a_wrong_password_nothing_is_changed() {
    play(async {
        let house = House::build().await;
        let vault = house.safe.vault();
        assert_eq!(house.remove_phone("not the password").await, Err(AccountError::WrongPassword));
        assert!(house.posts().await.is_empty());
        assert_eq!((house.safe.devices().len(), house.safe.vault() == vault), (3, true));
        say(&house.phone, 7).await;
        keep(&house.phone).await.unwrap();
    });
}

/// The new keys are on the disk before the server has the vault.
#[test]
fn a_removal_that_ends_after_the_vault_is_gone_on_with_by_the_same_press() {
    play(async {
        let house = House::build().await;
        house.safe.refuse_lists(true);
        assert!(house.remove_phone(PASSWORD).await.is_err());
        house.posts().await;
        assert_eq!(house.safe.devices().len(), 3);
        say(&house.computer, 7).await;
        keep(&house.computer).await.unwrap();
        house.safe.refuse_lists(false);
        house.remove_phone(PASSWORD).await.unwrap();
        let posted = house.posts().await;
        deliver(&house.tablet, &posted).await;
        say(&house.tablet, 8).await;
        keep(&house.tablet).await.unwrap();
        let checked = check(&house.tablet.engine, true).await.unwrap();
        assert_eq!((checked.texts, checked.closed, checked.missing), (5, 0, 0));
        assert_eq!(house.safe.devices().len(), 2);
    });
}

#[test]
fn an_older_vault_gets_no_new_root() {
    play(async {
        let house = House::build().await;
        let older = house.safe.vault();
        say(&house.computer, 7).await;
        keep(&house.computer).await.unwrap();
        house.safe.set_vault(older.clone());
        assert_eq!(house.remove_phone(PASSWORD).await, Err(AccountError::VaultOlder));
        assert_eq!((house.safe.devices().len(), house.safe.vault() == older), (3, true));
    });
}
