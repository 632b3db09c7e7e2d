//! Small comforts, once home is quiet.

use crate::person::meet;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn the_title_counts_what_is_unread_a_draft_stays_and_an_added_address_leaves_its_field() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let carol = stage.person("carol").await;
    carol.sign_up().await;
    // What comes afterwards has come.
    for person in [&alice, &carol] {
        person.tab.until("what comes afterwards", "document.querySelector('.menu-items [data-storage]')", vec![]).await;
    }
    meet(&carol, &alice).await;
    assert_eq!(carol.tab.ask("document.querySelector('#search-email').value", vec![]).await, "");

    // Alice has Carol open now, so what Bob says is unread.
    let title = "document.title.replace(/ ·.*/, '')";
    let quiet = alice.tab.ask(title, vec![]).await;
    bob.send("one").await;
    bob.send("two").await;
    let counted = format!("{title} === '(2) ' + a[0]");
    alice.tab.until("the title to count two", &counted, vec![quiet.clone()]).await;

    alice.tab.write("[data-draft]", "dear Carol").await;
    alice.open(&bob).await;
    alice.until_reads(&["one", "two"]).await;
    alice.tab.until("the title to count nothing", &format!("{title} === a[0]"), vec![quiet]).await;
    assert_eq!(alice.tab.ask("document.querySelector('[data-draft]').value", vec![]).await, "");
    alice.send("sent to Bob").await;
    alice.open(&carol).await;
    let draft = "document.querySelector('[data-draft]').value === a[0]";
    alice.tab.until("the draft to be back", draft, vec!["dear Carol".into()]).await;
    alice.open(&bob).await;
    // What was sent is no draft.
    alice.tab.until("an empty draft", draft, vec!["".into()]).await;
    alice.until_reads(&["one", "two", "sent to Bob"]).await;

    // What was too long to be sent comes back, and stays as well.
    let submit = "(document.querySelector('[data-draft]').value = 'x'.repeat(a[0]), \
        document.querySelector('form[data-composer]').requestSubmit(), 1)";
    let too_long = cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX + 1;
    assert_eq!(alice.tab.ask(submit, vec![too_long.into()]).await, 1);
    let whole = "document.querySelector('[data-draft]').value.length === a[0]";
    alice.tab.until("the text to be given back", whole, vec![too_long.into()]).await;
    alice.open(&carol).await;
    alice.tab.until("the draft to be back", draft, vec!["dear Carol".into()]).await;
    alice.open(&bob).await;
    alice.tab.until("the long text to be back", whole, vec![too_long.into()]).await;
}
