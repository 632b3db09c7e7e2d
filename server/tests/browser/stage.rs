//! Owns what every scenario stands on: a folder, a server in it, a proxy in front of it.

use crate::person::Person;
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

    /// Two people with accounts who know each other and have their conversation open.
    pub(crate) async fn two_who_talk(&self) -> (Person, Person) {
        let (alice, bob) = (self.person("alice").await, self.person("bob").await);
        alice.sign_up().await;
        bob.sign_up().await;
        crate::person::meet(&alice, &bob).await;
        (alice, bob)
    }

    /// The same with a third person, Carol, who is Alice's contact, and not Bob's.
    pub(crate) async fn three_who_talk(&self) -> (Person, Person, Person) {
        let (alice, bob) = self.two_who_talk().await;
        let carol = self.person("carol").await;
        carol.sign_up().await;
        crate::person::meet(&alice, &carol).await;
        (alice, bob, carol)
    }

    /// The same, but the first one, Alice, has a wire of her own: what is told there, the other one does not hear.
    pub(crate) async fn two_of_whom_one_is_lied_to(&self) -> (Proxy, Person, Person) {
        let wire = Proxy::start(self.server.port, None).await;
        let alice = Person::arrive(self.house.path(), "alice", &wire.url("")).await;
        let bob = self.person("bob").await;
        alice.sign_up().await;
        bob.sign_up().await;
        crate::person::meet(&alice, &bob).await;
        (wire, alice, bob)
    }
}
