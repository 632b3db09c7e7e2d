//! What is set for a group in its pane, and what its members see of that.

use super::{
    disappearing::MINUTE_MS,
    profiles::{a_picture, until_pictured},
};
use crate::person::{Person, meet};
use crate::picture::show;
use crate::stage::Stage;
use crate::word::word;

const ABOUT: &str = "document.querySelector('#group-info [data-group-about]:not([hidden])')?.textContent === a[0]";
const CALLED: &str = "document.querySelector('#conversation-title [data-name]').textContent === a[0]";
const EDIT_ERROR: &str = "document.querySelector('#group-edit-error').textContent === a[0]";

impl Person {
    async fn open_group_edit(&self) {
        self.members().await;
        self.tab.click("#group-info details:has([data-group-edit]) > summary").await;
    }

    /// In the place of what the field has.
    async fn write_over(&self, selector: &str, text: &str) {
        self.tab.ask("document.querySelector(a[0]).value = ''", vec![selector.into()]).await;
        self.tab.write(selector, text).await;
    }

    async fn open_rights(&self) {
        self.members().await;
        self.tab.click("#group-info details:has([data-group-right]) > summary").await;
    }

    /// `who`: the option's value.
    async fn set_right(&self, right: &str, who: &str) {
        let choose = "(field => { field.value = a[1]; field.dispatchEvent(new Event('change', { bubbles: true })); \
            return field.value === a[1]; })(document.querySelector(`#group-right-${a[0]}:enabled`))";
        assert_eq!(self.tab.ask(choose, vec![right.into(), who.into()]).await, true);
    }

    async fn save_group_edit(&self) {
        self.tab.click("[data-group-edit] [type=submit]").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_names_and_describes_a_group_and_the_others_see_it() {
    let (_stage, alice, bob, carol) = Stage::three_who_talk().await;
    alice.make_group("Walks", &[&bob, &carol]).await;
    bob.open_group("Walks").await;
    bob.members().await;

    alice.open_group_edit().await;
    alice.write_over("#group-name", " ").await;
    alice.save_group_edit().await;
    alice.tab.until("a name to be asked for", EDIT_ERROR, vec![word("en", "word-group-nameless").into()]).await;
    // 33 letters of three bytes are more than there is room for.
    alice.write_over("#group-name", &"あ".repeat(33)).await;
    alice.save_group_edit().await;
    alice.tab.until("the limit", EDIT_ERROR, vec![word("en", "word-group-too-long").into()]).await;
    show(&alice.tab, "group-edit").await;
    alice.write_over("#group-name", "Sunday walks").await;
    alice.write_over("#group-description", "We meet at ten.\nBring cake: https://cake.example").await;
    alice.save_group_edit().await;
    alice.until_notice("You named the group “Sunday walks”. You changed the description.").await;
    for person in [&alice, &bob] {
        let about = "We meet at ten.\nBring cake: https://cake.example";
        person.tab.until("the description", ABOUT, vec![about.into()]).await;
        person.tab.until("the name", CALLED, vec!["Sunday walks".into()]).await;
    }
    bob.until_notice("alice@example.org changed the description.").await;
    show(&bob.tab, "group-described").await;
    // Who is no admin sees no form.
    let form = "document.querySelector('[data-group-edit]').checkVisibility()";
    assert_eq!(bob.tab.ask(form, vec![]).await, false);

    alice.write_over("#group-description", " ").await;
    alice.save_group_edit().await;
    bob.until_notice("alice@example.org removed the description.").await;
    bob.tab.until("nothing to be said", "document.querySelector('[data-group-about]').hidden", vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_say_who_writes_changes_and_adds_and_the_others_are_told_in_plain_words() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let carol = stage.person("carol").await;
    carol.sign_up().await;
    meet(&bob, &carol).await;
    alice.make_group("Walks", &[&bob]).await;
    alice.send("Shall we go on Sunday?").await;
    bob.open_group("Walks").await;
    bob.until_group_reads(&["alice@example.org: Shall we go on Sunday?"]).await;
    let permissions = "document.querySelector('#group-info details:has([data-group-right])').checkVisibility()";
    bob.members().await;
    assert_eq!(bob.tab.ask(permissions, vec![]).await, false, "no admin, no permissions");

    alice.open_rights().await;
    show(&alice.tab, "group-rights").await;
    alice.set_right("write", "").await;
    alice.until_notice("You let only admins write.").await;
    bob.until_notice("alice@example.org lets only admins write.").await;
    bob.tab.click("[data-group-info]").await;
    let closed =
        "(line => line?.checkVisibility() && line.textContent === a[0])(document.querySelector('.composer-closed'))";
    bob.tab.until("to be told why", closed, vec![word("en", "group-closed").into()]).await;
    let box_is_there = "document.querySelector('[data-draft]').checkVisibility()";
    assert_eq!(bob.tab.ask(box_is_there, vec![]).await, false);
    show(&bob.tab, "group-closed").await;
    // Nothing is offered that would not be sent.
    bob.tab.click(".message.peer [data-message-menu]").await;
    bob.tab.until_shown("#message-menu [data-act=copy]").await;
    let offered = "['.quick', '[data-act=reply]', '[data-act=pin]'].some(item => document.querySelector('#message-menu').querySelector(item).checkVisibility())";
    assert_eq!(bob.tab.ask(offered, vec![]).await, false);
    bob.tab.click(".messages").await;
    alice.tab.click("[data-group-info]").await;
    alice.send("Only I write").await;
    bob.until_group_reads(&["alice@example.org: Shall we go on Sunday?", "alice@example.org: Only I write"]).await;

    for (right, sentence) in [
        ("write", "alice@example.org lets all members write."),
        ("change", "alice@example.org lets all members change name, description, picture and timer."),
        ("add", "alice@example.org lets all members add people."),
    ] {
        alice.set_right(right, "everyone").await;
        bob.until_notice(sentence).await;
    }
    bob.tab.until_shown("form[data-composer] > fieldset:enabled [data-draft]").await;
    bob.open_group_edit().await;
    bob.write_over("#group-name", "Sunday walks").await;
    bob.save_group_edit().await;
    alice.until_notice("bob@example.org named the group “Sunday walks”.").await;
    bob.tab.click(&format!("#group-info .choices input[value='{}']", carol.email)).await;
    bob.tab.click("[data-add-chosen]").await;
    alice.until_notice("bob@example.org added carol@example.org.").await;
    bob.read_pages_in("fr").await;
    bob.open_group("Sunday walks").await;
    bob.until_notice("alice@example.org permet à tous les membres d’écrire.").await;
    bob.open_group_edit().await;
    show(&bob.tab, "group-edit-french").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_lets_disappear_is_gone_for_everybody_and_the_head_says_so() {
    const VALUE: &str = "[...document.querySelectorAll('#group-info [data-timer-value]')]\
        .find(place => place.checkVisibility())?.textContent === a[0]";
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.with_a_clock().await;
    bob.with_a_clock().await;
    alice.make_group("Walks", &[&bob]).await;
    bob.open_group("Walks").await;
    bob.members().await;
    bob.tab.until("no timer", VALUE, vec!["Off".into()]).await;
    alice.members().await;
    alice.tab.click("#group-info details:has([data-timer]) > summary").await;
    show(&alice.tab, "group-timer").await;
    alice.tab.click("#group-info [data-timer='300']").await;
    let mark = "New messages disappear after 5 minutes";
    alice.until_timer("You set messages to disappear after 5 minutes.", mark).await;
    bob.until_timer("alice@example.org set messages to disappear after 5 minutes.", mark).await;
    for person in [&alice, &bob] {
        person.tab.until("the time", VALUE, vec!["5 minutes".into()]).await;
        person.tab.click("[data-group-info]").await;
    }
    bob.send("gone soon").await;
    alice.until_hears("gone soon").await;
    for person in [&alice, &bob] {
        person.until_left("Disappears in 5 minutes").await;
    }
    show(&alice.tab, "group-disappearing").await;
    // When the first of two goes, the other one says whose it is.
    alice.later(2 * MINUTE_MS).await;
    bob.send("gone later").await;
    let says_author = "[...document.querySelectorAll('.message.peer:not(.continued) .body')]\
        .map(body => body.textContent).join() === a[0]";
    alice.until_hears("gone later").await;
    alice.tab.until("one author for both", says_author, vec!["gone soon".into()]).await;
    alice.later(4 * MINUTE_MS).await;
    alice.until_gone("gone soon").await;
    alice.tab.until("an author for the second", says_author, vec!["gone later".into()]).await;
    for person in [&alice, &bob] {
        person.later(6 * MINUTE_MS).await;
        person.until_gone("gone later").await;
        person.until_group_reads(&[]).await;
    }
    // A time of one's own, by the keyboard.
    alice.members().await;
    alice.tab.write("#own-timer", "90\n").await;
    alice
        .until_timer("You set messages to disappear after 90 minutes.", "New messages disappear after 90 minutes")
        .await;
    alice.tab.click("#group-info [data-timer=off]").await;
    bob.until_notice("alice@example.org turned disappearing messages off.").await;
    bob.send("this stays").await;
    alice.until_hears("this stays").await;
    alice.later(120 * MINUTE_MS).await;
    alice.until_group_reads(&["bob@example.org: this stays"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn a_group_has_a_picture_that_every_member_sees_and_the_server_does_not() {
    const ERROR: &str = "document.querySelector('.group-picture [data-group-error]').textContent === a[0]";
    let (stage, alice, bob, carol) = Stage::three_who_talk().await;
    alice.make_group("Walks", &[&bob]).await;
    bob.open_group("Walks").await;
    alice.members().await;
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.png");
    std::fs::write(&text, "this is no picture").unwrap();
    alice.tab.choose_file("[data-group-picture]", &text.display().to_string()).await;
    alice.tab.until("a word about the file", ERROR, vec![word("en", "word-profile-no-picture").into()]).await;
    show(&alice.tab, "group-no-picture").await;
    alice.tab.choose_file("[data-group-picture]", &a_picture()).await;
    alice.until_notice("You changed the picture.").await;
    bob.until_notice("alice@example.org changed the picture.").await;
    // Who comes later has it too.
    alice.tab.click(&format!("#group-info .choices input[value='{}']", carol.email)).await;
    alice.tab.click("[data-add-chosen]").await;
    carol.open_group("Walks").await;
    bob.members().await;
    for person in [&alice, &bob, &carol] {
        let line = "#contacts li:not([data-contact*='@'])";
        until_pictured(&person.tab, line).await;
        until_pictured(&person.tab, ".conversation .pane-head").await;
    }
    until_pictured(&bob.tab, "#group-info").await;
    show(&alice.tab, "group-picture").await;
    show(&bob.tab, "group-picture-of-a-member").await;
    // It is there again at once when the page is.
    bob.tab.reload().await;
    bob.until_ready(&bob.tab).await;
    until_pictured(&bob.tab, ".conversation .pane-head").await;
    // In another browser, from a member.
    let laptop = stage.another_browser_of(&bob).await;
    laptop.open_group("Walks").await;
    until_pictured(&laptop.tab, ".conversation .pane-head").await;

    alice.tab.click("[data-group-do=remove-picture]").await;
    bob.until_notice("alice@example.org removed the picture.").await;
    let letter = "document.querySelector('.conversation .pane-head .avatar').textContent === 'W'";
    for person in [&alice, &bob, &laptop] {
        person.tab.until("a letter", letter, vec![]).await;
    }
}
