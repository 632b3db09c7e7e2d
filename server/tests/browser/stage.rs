//! Owns what every scenario stands on: a folder, a server in it, a proxy in front of it.

use crate::beginning::Beginning;
use crate::person::{Person, meet};
use crate::proxy::Proxy;
use crate::support::program::Program;
use std::time::Duration;
use tempfile::TempDir;

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) server: Program,
    pub(crate) proxy: Proxy,
    // Last: removed when everything that writes into it has ended.
    pub(crate) house: TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_with(&[], None).await
    }

    pub(crate) async fn set_with(settings: &[(&str, &str)], cut_after: Option<Duration>) -> Self {
        let house = tempfile::tempdir().unwrap();
        Self::set_in(house, settings, cut_after).await
    }

    pub(crate) async fn set_in(house: TempDir, settings: &[(&str, &str)], cut_after: Option<Duration>) -> Self {
        let server = Program::start_with_pages(house.path(), settings);
        let proxy = Proxy::start(server.port, cut_after).await;
        Self { server, proxy, house }
    }

    /// A person with a browser of their own, not signed up yet.
    pub(crate) async fn person(&self, name: &str) -> Person {
        Person::arrive(self.house.path(), name, &self.proxy.url("")).await
    }

    /// Another browser of this person's account, signed in. It knows what the vault knows: whom the person has added too.
    pub(crate) async fn another_browser_of(&self, person: &Person) -> Person {
        self.browser_of(person, "laptop").await
    }

    /// The same, on a device of this name.
    pub(crate) async fn browser_of(&self, person: &Person, device: &str) -> Person {
        person.until_nothing_is_behind().await;
        let mut another = self.person(device).await;
        (another.email, another.password) = (person.email.clone(), person.password.clone());
        another.try_sign_in(&another.password).await;
        another.until_home().await;
        another
    }

    /// Alice and Bob, who know each other and have their conversation open.
    pub(crate) async fn two_who_talk() -> (Self, Person, Person) {
        Self::two_who_talk_with(&[], None).await
    }

    pub(crate) async fn two_who_talk_with(
        settings: &[(&str, &str)],
        cut_after: Option<Duration>,
    ) -> (Self, Person, Person) {
        let stage = Self::set_as(Beginning::of_two().await, settings, cut_after).await;
        let (alice, bob) = stage.two_in_front_of(&stage.proxy).await;
        (stage, alice, bob)
    }

    /// Alice and Bob, but Alice has a wire of her own: what is told there, Bob does not hear.
    pub(crate) async fn two_of_whom_one_is_lied_to() -> (Self, Proxy, Person, Person) {
        let stage = Self::set_as(Beginning::of_two().await, &[], None).await;
        let wire = Proxy::start(stage.server.port, None).await;
        let (alice, bob) = stage.two_in_front_of(&wire).await;
        (stage, wire, alice, bob)
    }

    /// Alice and Bob, and Carol, who is Alice's contact, and not Bob's.
    pub(crate) async fn three_who_talk() -> (Self, Person, Person, Person) {
        let stage = Self::set_as(Beginning::of_three().await, &[], None).await;
        let (alice, bob, carol) = stage.three_who_meet().await;
        (stage, alice, bob, carol)
    }

    async fn set_as(beginning: Option<&Beginning>, settings: &[(&str, &str)], cut_after: Option<Duration>) -> Self {
        let house = tempfile::tempdir().unwrap();
        if let Some(beginning) = beginning {
            beginning.copy_into(house.path());
        }
        Self::set_in(house, settings, cut_after).await
    }

    /// As [`Stage::two_who_talk`], on this stage.
    pub(crate) async fn two_who_meet(&self) -> (Person, Person) {
        self.two_in_front_of(&self.proxy).await
    }

    async fn two_in_front_of(&self, wire_of_alice: &Proxy) -> (Person, Person) {
        let knows_them = self.knows("alice");
        let address = wire_of_alice.url("");
        let (alice, bob) = tokio::join!(Person::arrive(self.house.path(), "alice", &address), self.person("bob"));
        if knows_them {
            tokio::join!(alice.come_back(), bob.come_back());
            alice.open(&bob).await;
            bob.open(&alice).await;
        } else {
            tokio::join!(alice.sign_up(), bob.sign_up());
            meet(&alice, &bob).await;
        }
        (alice, bob)
    }

    /// As [`Stage::three_who_talk`], on this stage.
    pub(crate) async fn three_who_meet(&self) -> (Person, Person, Person) {
        let knows_them = self.knows("carol");
        let (alice, bob) = self.two_who_meet().await;
        let carol = self.person("carol").await;
        if knows_them {
            carol.come_back().await;
            alice.open(&carol).await;
            carol.open(&alice).await;
        } else {
            carol.sign_up().await;
            meet(&alice, &carol).await;
        }
        (alice, bob, carol)
    }

    /// Whether this stage began with somebody who has signed up before.
    fn knows(&self, name: &str) -> bool {
        self.house.path().join(name).exists()
    }
}
