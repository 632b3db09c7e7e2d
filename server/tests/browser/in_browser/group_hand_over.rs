//! Somebody is added to a group and shown its last messages, each marked as passed on; everybody is told.

use crate::in_browser::groups::OPEN;
use crate::person::{Person, meet};
use crate::picture::show;
use crate::stage::Stage;

impl Person {
    /// Adds a contact to the open group, and shows them the last messages if `hands_over`.
    async fn add_showing(&self, other: &Person, hands_over: bool) {
        self.members().await;
        self.tab.click(&format!("[data-group-add] .choices input[value='{}']", other.email)).await;
        let is_off = "!document.querySelector('[data-hands-over]').checked";
        assert_eq!(self.tab.ask(is_off, vec![]).await, true, "it is a choice for each time");
        if hands_over {
            self.tab.click("[data-hands-over]").await;
            show(&self.tab, "group-hands-over").await;
        }
        self.tab.click("[data-add-chosen]").await;
        self.until_notice(&format!("You added {}", other.email)).await;
        self.tab.until("the choice to be off", is_off, vec![]).await;
        self.tab.click("[data-group-info]").await;
    }

    /// What is said about the lines that were passed on, in their order.
    async fn until_passed_on(&self, marks: &[&str]) {
        let said = "JSON.stringify([...document.querySelectorAll('.messages > .message .passed-on')]\
            .filter(mark => !mark.hidden).map(mark => mark.textContent)) === a[0]";
        self.tab.until(&format!("{marks:?}"), said, vec![serde_json::to_string(marks).unwrap().into()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn who_is_added_is_shown_the_last_messages_only_by_choice_and_sees_who_passed_them_on() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let (carol, dave) = (stage.person("carol").await, stage.person("dave").await);
    for other in [&carol, &dave] {
        other.sign_up().await;
        meet(&alice, other).await;
    }
    alice.make_group("Walks", &[&bob]).await;
    alice.send("Shall we go on Sunday?").await;
    bob.open_group("Walks").await;
    bob.send("Yes, at ten").await;
    alice.until_hears("Yes, at ten").await;

    alice.add_showing(&carol, true).await;
    alice.until_notice("You showed earlier messages to carol@example.org: 2.").await;
    bob.until_notice("alice@example.org showed earlier messages to carol@example.org: 2.").await;
    alice.send("Welcome").await;
    carol.open_group("Walks").await;
    let heard =
        ["alice@example.org: Shall we go on Sunday?", "bob@example.org: Yes, at ten", "alice@example.org: Welcome"];
    carol.until_group_reads(&heard).await;
    carol.until_passed_on(&["Passed on by alice@example.org"; 2]).await;
    carol.until_notice("alice@example.org showed earlier messages to you: 2.").await;
    show(&carol.tab, "group-passed-on").await;
    // It stays so, and in her other browser, which has it from her.
    carol.tab.reload().await;
    carol.until_ready(&carol.tab).await;
    carol.tab.until_shown(OPEN).await;
    carol.until_passed_on(&["Passed on by alice@example.org"; 2]).await;
    carol.until_nothing_is_behind().await;
    let laptop = stage.another_browser_of(&carol).await;
    laptop.open_group("Walks").await;
    laptop.until_group_reads(&heard).await;
    laptop.until_passed_on(&["Passed on by alice@example.org"; 2]).await;

    alice.add_showing(&dave, false).await;
    alice.send("Hello Dave").await;
    dave.open_group("Walks").await;
    dave.until_group_reads(&["alice@example.org: Hello Dave"]).await;
    dave.until_passed_on(&[]).await;
}
