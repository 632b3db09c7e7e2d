//! What is set for a group in its pane, and what its members see of that.

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

    async fn save_group_edit(&self) {
        self.tab.click("[data-group-edit] [type=submit]").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_names_and_describes_a_group_and_the_others_see_it() {
    let stage = Stage::set().await;
    let (alice, bob) = stage.two_who_talk().await;
    let carol = stage.person("carol").await;
    carol.sign_up().await;
    meet(&alice, &carol).await;
    alice.make_group("Walks", &[&bob, &carol]).await;
    bob.open_group("Walks").await;
    bob.members().await;

    alice.open_group_edit().await;
    alice.write_over("#group-name", " ").await;
    alice.save_group_edit().await;
    alice.tab.until("a name to be asked for", EDIT_ERROR, vec![word("en", "word-group-nameless").into()]).await;
    // 25 letters of four bytes are more than there is room for.
    alice.write_over("#group-name", &"🎉".repeat(25)).await;
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
