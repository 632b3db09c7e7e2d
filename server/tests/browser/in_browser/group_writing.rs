//! What is there for who writes in a group: that others type, and whom a text speaks of.

use crate::eventually::PATIENCE;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const TYPING: &str = "(line => line && !line.hidden ? line.textContent : '')(document.querySelector(a[0]))";
const IN_GROUP: &str = ".conversation .typing";
const IN_LIST: &str = "#contacts li[data-contact]:not([data-contact*='@']) .contact-typing";
const DRAFT: &str = "document.querySelector('[data-draft]').value === a[0]";
const OFFERED: &str = "JSON.stringify([...document.querySelectorAll('.mentions:not([hidden]) [role=option]')]\
    .map(line => line.dataset.member + (line.getAttribute('aria-selected') === 'true' ? ' *' : ''))) === a[0]";
const ARROW_DOWN: &str = "\u{e015}";
const ARROW_UP: &str = "\u{e013}";
const TAB: &str = "\u{e004}";
const ESCAPE: &str = "\u{e00c}";

impl Person {
    /// Types letter by letter until the other one reads that. What is said once may meet no poll.
    async fn types_in_group_until(&self, other: &Person, place: &str, said: &str) {
        let begun = Instant::now();
        while other.tab.ask(TYPING, vec![place.into()]).await != json!(said) {
            assert!(begun.elapsed() < PATIENCE, "nobody reads {said:?}");
            self.tab.write("[data-draft]", "x").await;
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Until these members are offered, the chosen one with a star.
    async fn until_offered(&self, members: &[&str]) {
        let members = serde_json::to_string(members).unwrap();
        self.tab.until(&format!("{members} to be offered"), OFFERED, vec![members.into()]).await;
    }

    async fn until_drafted(&self, text: &str) {
        self.tab.until(&format!("{text:?} in the box"), DRAFT, vec![text.into()]).await;
    }

    async fn is_called(&self, name: &str) {
        self.open_profile().await;
        self.tab.write("#profile-name", name).await;
        self.save_profile().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_who_are_no_contacts_see_each_other_type_until_the_text_comes() {
    let (_stage, alice, bob, carol) = Stage::three_who_talk().await;
    alice.make_group("Walks", &[&bob, &carol]).await;
    alice.send("Shall we?").await;
    for person in [&bob, &carol] {
        person.open_group("Walks").await;
        person.until_group_reads(&["alice@example.org: Shall we?"]).await;
    }
    // From now on they have sessions, and know each other's tokens.
    bob.send("Yes").await;
    carol.until_group_reads(&["alice@example.org: Shall we?", "bob@example.org: Yes"]).await;
    carol.send("Me too").await;
    let three = ["alice@example.org: Shall we?", "You: Yes", "carol@example.org: Me too"];
    bob.until_group_reads(&three).await;

    bob.types_in_group_until(&carol, IN_GROUP, "bob@example.org is typing…").await;
    bob.types_in_group_until(&alice, IN_LIST, "bob@example.org is typing…").await;
    carol.types_in_group_until(&alice, IN_GROUP, "carol@example.org is typing…").await;
    let both = ["bob@example.org", "carol@example.org"].join(" and ") + " are typing…";
    let begun = Instant::now();
    while alice.tab.ask(TYPING, vec![IN_GROUP.into()]).await != json!(both) {
        assert!(begun.elapsed() < PATIENCE, "nobody reads {both:?}");
        bob.tab.write("[data-draft]", "x").await;
        carol.tab.write("[data-draft]", "x").await;
    }
    show(&alice.tab, "group-typing").await;
    // That somebody looks is for conversations of two.
    assert_eq!(alice.tab.ask("document.querySelector('.conversation [data-here]').hidden", vec![]).await, true);
    let text = format!("{} at ten", bob.draft().await);
    bob.send(" at ten").await;
    carol
        .until_group_reads(&[three[0], "bob@example.org: Yes", "You: Me too", &format!("bob@example.org: {text}")])
        .await;
    let nobody = "document.querySelector(a[0]).hidden";
    carol.tab.until("nobody to be typing", nobody, vec![IN_GROUP.into()]).await;
    // In the conversation of two nothing of it is said.
    let direct = format!("#contacts li[data-contact='{}'] .contact-typing", bob.email);
    assert_eq!(alice.tab.ask(nobody, vec![direct.into()]).await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_mentioned_by_choice_and_shown_by_name_and_the_mentioned_one_sees_it_at_once() {
    let (_stage, alice, bob, carol) = Stage::three_who_talk().await;
    bob.is_called("Bob the Builder").await;
    alice.tab.until("Bob's name", "document.querySelector('#contacts').textContent.includes('Bob the')", vec![]).await;
    alice.make_group("Walks", &[&bob, &carol]).await;
    let (to_bob, to_carol) = (bob.email.as_str(), carol.email.as_str());

    alice.tab.write("[data-draft]", "Hi (@").await;
    alice.until_offered(&[&format!("{to_bob} *"), to_carol]).await;
    show(&alice.tab, "mention-list").await;
    alice.tab.write("[data-draft]", ARROW_DOWN).await;
    alice.until_offered(&[to_bob, &format!("{to_carol} *")]).await;
    alice.tab.write("[data-draft]", ARROW_DOWN).await;
    alice.tab.write("[data-draft]", ARROW_UP).await;
    alice.until_offered(&[to_bob, &format!("{to_carol} *")]).await;
    // Put away, and not asked again for the same word.
    alice.tab.write("[data-draft]", ESCAPE).await;
    alice.until_offered(&[]).await;
    // A word of a name, in any letters.
    alice.tab.write("[data-draft]", "BUI").await;
    alice.until_offered(&[&format!("{to_bob} *")]).await;
    alice.tab.write("[data-draft]", "\n").await;
    alice.until_drafted(&format!("Hi (@{to_bob} ")).await;
    alice.tab.write("[data-draft]", "and @ca").await;
    alice.until_offered(&[&format!("{to_carol} *")]).await;
    alice.tab.write("[data-draft]", TAB).await;
    alice.until_drafted(&format!("Hi (@{to_bob} and @{to_carol} ")).await;
    // Nobody is offered in a word with an @ inside, and an Enter sends again.
    alice.tab.write("[data-draft]", "x@b").await;
    alice.until_offered(&[]).await;
    alice.tab.write("[data-draft]", "\n").await;

    alice.until_group_reads(&[&format!("You: Hi (@Bob the Builder and @{to_carol} x@b")]).await;
    let in_list = "document.querySelector('#contacts li:has(.contact-unread.mentioned) .contact-last bdi').textContent";
    let said = format!("{in_list} === a[0]");
    bob.tab.goto(&bob.url("/home")).await;
    bob.tab.until("the mention in the list", &said, vec![format!("Hi (@You and @{to_carol} x@b").into()]).await;
    show(&bob.tab, "mention-unread").await;
    bob.open_group("Walks").await;
    bob.until_group_reads(&[&format!("{}: Hi (@You and @{to_carol} x@b", alice.email)]).await;
    bob.tab.until_shown(".body .mention.of-you").await;
    let read = "document.querySelector('#contacts .contact-unread.mentioned') === null";
    bob.tab.until("the mention to be read", read, vec![]).await;
    show(&bob.tab, "mention").await;
    carol.open_group("Walks").await;
    carol.until_group_reads(&[&format!("{}: Hi (@Bob the Builder and @You x@b", alice.email)]).await;

    // By the mouse; and what is copied is what was written.
    carol.tab.write("[data-draft]", "@").await;
    carol.tab.click(&format!(".mentions [data-member='{}']", alice.email)).await;
    carol.until_drafted(&format!("@{} ", alice.email)).await;
    carol.send("yes").await;
    alice
        .until_group_reads(&[
            &format!("You: Hi (@Bob the Builder and @{to_carol} x@b"),
            &format!("{to_carol}: @You yes"),
        ])
        .await;
    // In a conversation of two nobody is offered.
    bob.open(&alice).await;
    bob.tab.write("[data-draft]", "@").await;
    assert_eq!(bob.tab.ask("document.querySelector('.mentions') === null", vec![]).await, true);
}
