//! A group of five people with seven devices: made, joined by a link, left, and the same for everybody in the end.

use crate::in_browser::groups::OPEN;
use crate::person::{Person, meet, until_written};
use crate::picture::show;
use crate::stage::Stage;
use serde_json::json;

impl Person {
    /// The link to the open group, made here if there is none yet. Without the origin.
    async fn group_link(&self) -> String {
        self.members().await;
        self.tab.click("[data-group-link] > summary").await;
        self.tab.click("[data-no-link] [data-group-do=make-link]").await;
        self.tab.until_shown("[data-has-link] [data-qr] path").await;
        let link = self.tab.ask("document.querySelector('[data-join-link]').value", vec![]).await;
        link.as_str().unwrap().strip_prefix(&self.url("")).unwrap().to_owned()
    }

    /// Opens a link to a group, and asks to join.
    async fn ask_to_join(&self, link: &str, name: &str) {
        self.tab.goto("about:blank").await;
        self.tab.goto(&self.url(link)).await;
        self.until_home().await;
        self.tab.until_shown("#join-by-link[open]").await;
        let called = "document.querySelector('#join-by-link [data-group-called]').textContent";
        assert_eq!(self.tab.ask(called, vec![]).await, name);
        show(&self.tab, "join-by-link").await;
        self.tab.click("[data-join]").await;
    }

    /// Waits until the open group has these members, in the pane, and closes it.
    async fn until_group_is(&self, members: &[&Person]) {
        self.until_members(members).await;
        self.tab.click("[data-group-info]").await;
    }

    async fn promote(&self, other: &Person) {
        self.members().await;
        self.tab.click(&format!("li[data-member='{}'] [data-group-do=promote]", other.email)).await;
        self.until_notice(&format!("You made {} an admin", other.email)).await;
        self.tab.click("[data-group-info]").await;
    }

    async fn add_to_group(&self, other: &Person) {
        self.members().await;
        self.tab.click(&format!("[data-group-add] .choices input[value='{}']", other.email)).await;
        self.tab.click("[data-add-chosen]").await;
        self.until_notice(&format!("You added {}", other.email)).await;
        self.tab.click("[data-group-info]").await;
    }

    async fn leave_group(&self) {
        self.members().await;
        self.tab.click("[data-group-leave] > summary").await;
        self.tab.click("#group-info [data-group-do=leave]").await;
        self.tab.until_shown(".if-left").await;
    }

    /// The texts of the open group, with their authors.
    async fn until_group_says(&self, lines: &[(&Person, &str)]) {
        let lines: Vec<String> = lines
            .iter()
            .map(|(author, text)| {
                let name = if author.email == self.email { "You" } else { author.email.as_str() };
                format!("{name}: {text}")
            })
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.until_group_reads(&lines).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn five_people_with_seven_devices_end_with_one_group_and_one_conversation() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let (carol, dave, eve) = (stage.person("carol").await, stage.person("dave").await, stage.person("eve").await);
    for person in [&carol, &dave, &eve] {
        person.sign_up().await;
    }
    meet(&alice, &carol).await;
    meet(&alice, &eve).await;
    let (phone, laptop) = (stage.browser_of(&alice, "phone").await, stage.browser_of(&bob, "laptop").await);
    // Eve is offline from now on.
    eve.tab.goto("about:blank").await;

    alice.make_group("Club", &[&bob, &carol]).await;
    alice.send("Welcome").await;
    for person in [&bob, &carol] {
        person.open_group("Club").await;
        person.until_group_says(&[(&alice, "Welcome")]).await;
    }
    alice.add_to_group(&eve).await;
    alice.promote(&bob).await;
    bob.send("I make the tea").await;
    carol.until_hears("I make the tea").await;
    carol.send("And I bring cake").await;
    bob.until_hears("And I bring cake").await;

    // Dave knows nobody. Bob made the link.
    let link = bob.group_link().await;
    show(&bob.tab, "group-link").await;
    bob.tab.click("[data-group-info]").await;
    dave.ask_to_join(&link, "Club").await;
    dave.tab.until_shown(".if-asking").await;
    show(&dave.tab, "group-asking").await;
    dave.until_group_is(&[&alice, &bob, &carol, &dave, &eve]).await;
    dave.send("Thank you").await;
    for person in [&alice, &bob, &carol] {
        person.until_hears("Thank you").await;
    }
    // A person decides from now on, and a second browser of Bob's shows who asks.
    laptop.open_group("Club").await;
    laptop.until_group_is(&[&alice, &bob, &carol, &dave, &eve]).await;

    carol.leave_group().await;
    bob.until_notice(&format!("{} left the group", carol.email)).await;
    bob.members().await;
    bob.tab.click("[data-group-link]:not([open]) > summary, [data-link-asks]").await;
    bob.tab.click("[data-group-info]").await;
    dave.send("Is Carol gone?").await;
    laptop.until_hears("Is Carol gone?").await;
    carol.ask_to_join(&link, "Club").await;
    laptop.tab.until_shown(&format!("[data-join-requests] [data-member='{}']", carol.email)).await;
    show(&laptop.tab, "group-join-request").await;
    laptop.tab.click("[data-join-requests] [data-hands-over]").await;
    laptop.tab.click("[data-join-requests] [data-group-do=admit]").await;
    carol.until_group_is(&[&alice, &bob, &carol, &dave, &eve]).await;
    carol.until_hears("Is Carol gone?").await;
    carol.send("Here again").await;
    for person in [&alice, &bob, &dave] {
        person.until_hears("Here again").await;
    }
    dave.members().await;
    assert_eq!(dave.tab.ask("document.querySelector('[data-group-link]').offsetParent", vec![]).await, json!(null));
    dave.tab.click("[data-group-info]").await;
    bob.members().await;
    bob.tab.click(&format!("li[data-member='{}'] [data-group-do=remove]", dave.email)).await;
    bob.until_group_is(&[&alice, &bob, &carol, &eve]).await;
    alice.send("Without Dave").await;
    alice.leave_group().await;
    bob.until_hears("Without Dave").await;
    bob.until_notice(&format!("{} left the group", alice.email)).await;
    bob.send("Without Alice").await;
    // The laptop will have it from the history alone, to which it goes once it was sealed.
    until_written(&bob.tab, "Without Alice").await;
    let sent = "[...document.querySelectorAll('.messages > .message.own')].at(-1).dataset.mark !== 'waiting'";
    bob.tab.until("the last text to be sent", sent, vec![]).await;
    bob.until_nothing_is_behind().await;

    // The site data of Bob's laptop is cleared, and Eve is back.
    laptop.forget_everything().await;
    laptop.try_sign_in(&bob.password).await;
    laptop.until_home().await;
    eve.tab.goto(&eve.url("/home")).await;
    for person in [&eve, &laptop] {
        person.open_group("Club").await;
    }
    let said = [
        (&alice, "Welcome"),
        (&bob, "I make the tea"),
        (&carol, "And I bring cake"),
        (&dave, "Thank you"),
        (&dave, "Is Carol gone?"),
        (&carol, "Here again"),
        (&alice, "Without Dave"),
        (&bob, "Without Alice"),
    ];
    for person in [&bob, &laptop, &carol] {
        person.until_group_says(&said).await;
    }
    eve.until_group_says(&said[1..]).await;
    dave.until_group_says(&said[3..6]).await;
    phone.open_group("Club").await;
    for person in [&alice, &phone] {
        person.until_group_says(&said[..7]).await;
    }
    for person in [&bob, &laptop, &carol, &eve] {
        person.until_group_is(&[&bob, &carol, &eve]).await;
    }
    // Everybody has it, as Bob sees.
    bob.send("Who is here?").await;
    for person in [&carol, &eve] {
        person
            .until_group_says(&[&said[usize::from(person.email == eve.email)..], &[(&bob, "Who is here?")]].concat())
            .await;
    }
    let read = "document.querySelector('.messages > .message:last-child')?.dataset.mark === 'read'";
    bob.tab.until("to be read by all", read, vec![]).await;
    bob.tab.until_shown(OPEN).await;
    show(&bob.tab, "group-of-five").await;
}
